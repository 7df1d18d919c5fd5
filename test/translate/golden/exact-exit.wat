;; 80001000  addiu	v0,a0,1
;; 80001004  mfc0	v1,c0_status
;; 80001008  jr	ra
;; 8000100c  nop
(func $unit0
 (param $pc i32)
 (param $depth i32)
 (result i32)
 (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
 (if
  (i32.or (i32.lt_s (local.get $fuel) (i32.const 1)) (i32.gt_s (local.get $depth) (i32.const 400)))
  (then (return (local.get $pc)))
 )
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $v0 (i32.add (local.get $a0) (i32.const 1)))
 (local.set $fuel (i32.add (local.get $fuel) (i32.const -1)))
 (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
 (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
 (return (i32.const -2147479548))
)
