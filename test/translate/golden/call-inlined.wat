;; 80001000  jal	0x80001014
;; 80001004  move	s0,ra
;; 80001008  addu	v0,v0,a0
;; 8000100c  jr	s0
;; 80001010  nop
;; 80001014  sll	v0,a0,0x1
;; 80001018  jr	ra
;; 8000101c  nop
(func $unit0
 (param $pc i32)
 (param $depth i32)
 (result i32)
 (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
 (if
  (i32.or (i32.lt_s (local.get $fuel) (i32.const 8)) (i32.gt_s (local.get $depth) (i32.const 400)))
  (then (return (local.get $pc)))
 )
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $target (i32.const -2147479532))
 (local.set $ra (i32.const -2147479544))
 (local.set $s0 (i32.add (local.get $ra) (i32.const 0)))
 (local.set $v0 (i32.shl (local.get $a0) (i32.const 1)))
 (local.set $target (local.get $ra))
 (drop (i32.shl (i32.const 0) (i32.const 0)))
 (if
  (i32.ne (local.get $target) (i32.const -2147479544))
  (then
   (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
   (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
   (i32.store offset=CPU.s0 (i32.const 0) (local.get $s0))
   (i32.store offset=CPU.ra (i32.const 0) (local.get $ra))
   (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
   (return (local.get $target))
  )
 )
 (local.set $v0 (i32.add (local.get $v0) (local.get $a0)))
 (local.set $target (local.get $s0))
 (drop (i32.shl (i32.const 0) (i32.const 0)))
 (local.set $fuel (i32.add (local.get $fuel) (i32.const -8)))
 (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
 (i32.store offset=CPU.s0 (i32.const 0) (local.get $s0))
 (i32.store offset=CPU.ra (i32.const 0) (local.get $ra))
 (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
 (return
  (call_indirect
   (type $pc)
   (local.get $target)
   (i32.add (local.get $depth) (i32.const 1))
   (block
    (result i32)
    (local.set $address
     (i32.shl
      (i32.and
       (i32.xor (i32.shr_u (local.get $target) (i32.const 2)) (i32.shr_u (local.get $target) (i32.const 18)))
       (i32.const 65535)
      )
      (i32.const 3)
     )
    )
    (local.set $entry (i32.load offset=37814276 (local.get $address)))
    (local.set $y (i32.const 0))
    (if
     (i32.and
      (i32.eq (i32.load offset=37814272 (local.get $address)) (local.get $target))
      (i32.shr_u (local.get $entry) (i32.const 31))
     )
     (then (local.set $y (i32.and (local.get $entry) (i32.const 2147483647))))
    )
    (local.get $y)
   )
  )
 )
)
