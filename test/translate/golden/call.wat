;; 80001000  addiu	sp,sp,-24
;; 80001004  sw	ra,20(sp)
;; 80001008  sw	s0,16(sp)
;; 8000100c  move	s0,a0
;; 80001010  jal	0x80002000
;; 80001014  addiu	a0,a0,1
;; 80001018  addu	v0,v0,s0
;; 8000101c  lw	ra,20(sp)
;; 80001020  lw	s0,16(sp)
;; 80001024  jr	ra
;; 80001028  addiu	sp,sp,24
(func $unit0
 (param $pc i32)
 (param $depth i32)
 (result i32)
 (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
 (if
  (i32.or (i32.lt_s (local.get $fuel) (i32.const 11)) (i32.gt_s (local.get $depth) (i32.const 400)))
  (then (return (local.get $pc)))
 )
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $s0 (i32.load offset=CPU.s0 (i32.const 0)))
 (local.set $sp (i32.load offset=CPU.sp (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $x
  (block $block
   (result i32)
   (local.set $x
    (block $block2
     (result i32)
     (local.set $x
      (block $block1
       (result i32)
       (local.set $sp (i32.add (local.get $sp) (i32.const -24)))
       (local.set $address
        (i32.add
         (i32.add (local.get $sp) (i32.const 20))
         (block (result i32) (local.set $y (local.get $ra)) (i32.const 2147221500))
        )
       )
       (drop
        (br_if $block
         (i32.const 12287)
         (i32.ge_u (i32.rotr (local.get $address) (i32.const 2)) (i32.const 131071))
        )
       )
       (i32.store offset=71565316 (local.get $address) (local.get $y))
       (local.set $address
        (i32.add
         (i32.add (local.get $sp) (i32.const 16))
         (block (result i32) (local.set $y (local.get $s0)) (i32.const 2147221504))
        )
       )
       (i32.store offset=71565312 (local.get $address) (local.get $y))
       (local.set $s0 (i32.add (local.get $a0) (i32.const 0)))
       (local.set $target (i32.const -2147475456))
       (local.set $ra (i32.const -2147479528))
       (local.set $a0 (i32.add (local.get $a0) (i32.const 1)))
       (local.set $fuel (i32.add (local.get $fuel) (i32.const -6)))
       (i32.store offset=CPU.a0 (i32.const 0) (local.get $a0))
       (i32.store offset=CPU.s0 (i32.const 0) (local.get $s0))
       (i32.store offset=CPU.sp (i32.const 0) (local.get $sp))
       (i32.store offset=CPU.ra (i32.const 0) (local.get $ra))
       (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
       (local.set $x
        (call_indirect
         (type $pc)
         (i32.const -2147475456)
         (i32.add (local.get $depth) (i32.const 1))
         (i32.const 3)
        )
       )
       (if
        (i32.ne (local.get $x) (i32.const -2147479528))
        (then
         (if
          (i32.eq (local.get $x) (i32.const -2147479584))
          (then (local.set $x (call $fimport$at (local.get $x) (local.get $depth))))
         )
         (if (i32.ne (local.get $x) (i32.const -2147479528)) (then (return (local.get $x))))
        )
       )
       (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
       (local.set $v0 (i32.load offset=CPU.v0 (i32.const 0)))
       (local.set $s0 (i32.load offset=CPU.s0 (i32.const 0)))
       (local.set $sp (i32.load offset=CPU.sp (i32.const 0)))
       (drop (br_if $block1 (i32.const 53248) (i32.lt_s (local.get $fuel) (i32.const 11))))
       (local.set $v0 (i32.add (local.get $v0) (local.get $s0)))
       (local.set $address (i32.add (i32.add (local.get $sp) (i32.const 20)) (i32.const 2147483644)))
       (drop
        (br_if $block2
         (i32.const 61439)
         (i32.ge_u (i32.rotr (local.get $address) (i32.const 2)) (i32.const 262143))
        )
       )
       (local.set $ra (i32.load offset=71303172 (local.get $address)))
       (local.set $address (i32.add (i32.add (local.get $sp) (i32.const 16)) (i32.const -2147483648)))
       (local.set $s0 (i32.load offset=71303168 (local.get $address)))
       (local.set $target (local.get $ra))
       (local.set $sp (i32.add (local.get $sp) (i32.const 24)))
       (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
       (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
       (i32.store offset=CPU.s0 (i32.const 0) (local.get $s0))
       (i32.store offset=CPU.sp (i32.const 0) (local.get $sp))
       (i32.store offset=CPU.ra (i32.const 0) (local.get $ra))
       (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
       (return (local.get $target))
      )
     )
     (if (i32.and (local.get $x) (i32.const 1)) (then (i32.store offset=EXITED (i32.const 0) (i32.const 2))))
     (local.set $fuel
      (i32.add
       (local.get $fuel)
       (i32.sub (i32.and (i32.shr_u (local.get $x) (i32.const 1)) (i32.const 4095)) (i32.const 2048))
      )
     )
     (return
      (block
       (result i32)
       (local.set $scratch
        (i32.add (i32.shl (i32.shr_u (local.get $x) (i32.const 13)) (i32.const 2)) (i32.const -2147479552))
       )
       (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
       (local.get $scratch)
      )
     )
    )
   )
   (if (i32.and (local.get $x) (i32.const 1)) (then (i32.store offset=EXITED (i32.const 0) (i32.const 2))))
   (local.set $fuel
    (i32.add
     (local.get $fuel)
     (i32.sub (i32.and (i32.shr_u (local.get $x) (i32.const 1)) (i32.const 4095)) (i32.const 2048))
    )
   )
   (return
    (block
     (result i32)
     (local.set $scratch_48
      (i32.add (i32.shl (i32.shr_u (local.get $x) (i32.const 13)) (i32.const 2)) (i32.const -2147479552))
     )
     (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
     (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
     (local.get $scratch_48)
    )
   )
  )
 )
 (if (i32.and (local.get $x) (i32.const 1)) (then (i32.store offset=EXITED (i32.const 0) (i32.const 2))))
 (local.set $fuel
  (i32.add
   (local.get $fuel)
   (i32.sub (i32.and (i32.shr_u (local.get $x) (i32.const 1)) (i32.const 4095)) (i32.const 2048))
  )
 )
 (return
  (block
   (result i32)
   (local.set $scratch_49
    (i32.add (i32.shl (i32.shr_u (local.get $x) (i32.const 13)) (i32.const 2)) (i32.const -2147479552))
   )
   (i32.store offset=CPU.sp (i32.const 0) (local.get $sp))
   (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
   (local.get $scratch_49)
  )
 )
)
