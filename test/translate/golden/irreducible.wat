;; 80001000  bgtz	a1,0x8000100c
;; 80001004  nop
;; 80001008  addiu	v0,v0,1
;; 8000100c  addiu	v0,v0,2
;; 80001010  addiu	a0,a0,-1
;; 80001014  bgtz	a0,0x80001008
;; 80001018  nop
;; 8000101c  bgtz	v0,0x8000100c
;; 80001020  nop
;; 80001024  jr	ra
;; 80001028  nop
(func $unit0
 (param $pc i32)
 (param $depth i32)
 (result i32)
 (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
 (if
  (i32.or (i32.lt_s (local.get $fuel) (i32.const 12)) (i32.gt_s (local.get $depth) (i32.const 400)))
  (then (return (local.get $pc)))
 )
 (local.set $v0 (i32.load offset=CPU.v0 (i32.const 0)))
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $a1 (i32.load offset=CPU.a1 (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $x
  (block $block1
   (result i32)
   (block $block
    (local.set $condition (i32.lt_s (i32.const 0) (local.get $a1)))
    (drop (i32.shl (i32.const 0) (i32.const 0)))
    (br_if $block (local.get $condition))
    (local.set $v0 (i32.add (local.get $v0) (i32.const 1)))
    (local.set $fuel (i32.add (local.get $fuel) (i32.const -1)))
    (br $block)
   )
   (loop $label1
    (block $block3
     (block $block2
      (drop (br_if $block1 (i32.const 28668) (i32.lt_s (local.get $fuel) (i32.const 14))))
      (local.set $v0 (i32.add (local.get $v0) (i32.const 2)))
      (local.set $a0 (i32.add (local.get $a0) (i32.const -1)))
      (local.set $condition (i32.lt_s (i32.const 0) (local.get $a0)))
      (drop (i32.shl (i32.const 0) (i32.const 0)))
      (if
       (local.get $condition)
       (then (local.set $v0 (i32.add (local.get $v0) (i32.const 1))) (br $block2))
       (else
        (local.set $condition (i32.lt_s (i32.const 0) (local.get $v0)))
        (drop (i32.shl (i32.const 0) (i32.const 0)))
        (if
         (local.get $condition)
         (then (local.set $fuel (i32.add (local.get $fuel) (i32.const -1))) (br $block2))
         (else (local.set $fuel (i32.add (local.get $fuel) (i32.const -2))) (br $block3))
        )
        (unreachable)
       )
      )
      (unreachable)
     )
     (local.set $fuel (i32.add (local.get $fuel) (i32.const -7)))
     (block $block4
      (local.set $turns (i32.div_s (i32.sub (local.get $fuel) (i32.const 13)) (i32.const 5)))
      (br_if $block4 (i32.lt_s (local.get $turns) (i32.const 1)))
      (local.set $turns (i32.mul (i32.sub (local.get $turns) (i32.const 1)) (i32.const 5)))
      (local.set $reserve (i32.sub (local.get $fuel) (local.get $turns)))
      (local.set $fuel (local.get $turns))
      (loop $label
       (block $block5
        (local.set $v0 (i32.add (local.get $v0) (i32.const 2)))
        (local.set $a0 (i32.add (local.get $a0) (i32.const -1)))
        (local.set $condition (i32.lt_s (i32.const 0) (local.get $a0)))
        (drop (i32.shl (i32.const 0) (i32.const 0)))
        (if
         (local.get $condition)
         (then (local.set $v0 (i32.add (local.get $v0) (i32.const 1))) (br $block5))
         (else
          (local.set $condition (i32.lt_s (i32.const 0) (local.get $v0)))
          (drop (i32.shl (i32.const 0) (i32.const 0)))
          (if
           (local.get $condition)
           (then (local.set $fuel (i32.add (local.get $fuel) (i32.const -1))) (br $block5))
           (else (local.set $fuel (i32.add (local.get $fuel) (local.get $reserve))) (br $block3))
          )
          (unreachable)
         )
        )
        (unreachable)
       )
       (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
       (br_if $label (i32.ge_s (local.get $fuel) (i32.const 0)))
       (local.set $fuel (i32.add (local.get $fuel) (local.get $reserve)))
       (local.set $fuel (i32.add (local.get $fuel) (i32.const 2)))
       (br $label1)
      )
      (unreachable)
     )
     (local.set $fuel (i32.add (local.get $fuel) (i32.const 2)))
     (br $label1)
    )
    (local.set $target (local.get $ra))
    (drop (i32.shl (i32.const 0) (i32.const 0)))
    (local.set $fuel (i32.add (local.get $fuel) (i32.const -8)))
    (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
    (i32.store offset=CPU.a0 (i32.const 0) (local.get $a0))
    (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
    (return (local.get $target))
   )
   (unreachable)
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
   (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
   (i32.store offset=CPU.a0 (i32.const 0) (local.get $a0))
   (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
   (local.get $scratch)
  )
 )
)
