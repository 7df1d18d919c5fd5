;; 80001000  b	0x80001008
;; 80001004  nop
;; 80001008  addu	v0,a0,a0
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
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $condition (i32.eq (i32.const 0) (i32.const 0)))
 (drop (i32.shl (i32.const 0) (i32.const 0)))
 (local.set $v0 (i32.add (local.get $a0) (local.get $a0)))
 (local.set $target (local.get $ra))
 (drop (i32.shl (i32.const 0) (i32.const 0)))
 (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
 (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
 (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
 (return (local.get $target))
)
