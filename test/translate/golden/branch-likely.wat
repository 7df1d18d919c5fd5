;; 80001000  beql	a0,a1,0x8000100c
;; 80001004  li	v0,1
;; 80001008  li	v0,2
;; 8000100c  jr	ra
;; 80001010  nop
(func $unit0
 (param $pc i32)
 (param $depth i32)
 (result i32)
 (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
 (if
  (i32.or (i32.lt_s (local.get $fuel) (i32.const 7)) (i32.gt_s (local.get $depth) (i32.const 400)))
  (then (return (local.get $pc)))
 )
 (local.set $v0 (i32.load offset=CPU.v0 (i32.const 0)))
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $a1 (i32.load offset=CPU.a1 (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $condition (i32.eq (local.get $a0) (local.get $a1)))
 (if
  (local.get $condition)
  (then
   (local.set $v0 (i32.add (i32.const 0) (i32.const 1)))
   (local.set $target (local.get $ra))
   (drop (i32.shl (i32.const 0) (i32.const 0)))
   (local.set $fuel (i32.add (local.get $fuel) (i32.const -4)))
   (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
   (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
   (return (local.get $target))
  )
  (else
   (local.set $fuel (i32.add (local.get $fuel) (i32.const 1)))
   (local.set $v0 (i32.add (i32.const 0) (i32.const 2)))
   (local.set $target (local.get $ra))
   (drop (i32.shl (i32.const 0) (i32.const 0)))
   (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
   (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
   (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
   (return (local.get $target))
  )
 )
 (unreachable)
)
