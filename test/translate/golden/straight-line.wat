;; 80001000  addu	v0,a0,a1
;; 80001004  ror	v0,v0,0x7
;; 80001008  sltu	v1,v0,a1
;; 8000100c  jr	ra
;; 80001010  nop
(func $unit0
 (param $pc i32)
 (param $depth i32)
 (result i32)
 (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
 (if
  (i32.or (i32.lt_s (local.get $fuel) (i32.const 5)) (i32.gt_s (local.get $depth) (i32.const 400)))
  (then (return (local.get $pc)))
 )
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $a1 (i32.load offset=CPU.a1 (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $v0 (i32.add (local.get $a0) (local.get $a1)))
 (local.set $v0 (i32.rotr (local.get $v0) (i32.const 7)))
 (local.set $v1 (i32.lt_u (local.get $v0) (local.get $a1)))
 (local.set $target (local.get $ra))
 (drop (i32.shl (i32.const 0) (i32.const 0)))
 (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
 (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
 (i32.store offset=CPU.v1 (i32.const 0) (local.get $v1))
 (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
 (return (local.get $target))
)
