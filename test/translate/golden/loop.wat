;; 80001000  addu	v0,v0,a0
;; 80001004  addiu	a0,a0,-1
;; 80001008  bgtz	a0,0x80001000
;; 8000100c  nop
;; 80001010  jr	ra
;; 80001014  nop
(func $unit0
 (param $pc i32)
 (param $depth i32)
 (result i32)
 (local.set $fuel (i32.load offset=FUEL (i32.const 0)))
 (if
  (i32.or (i32.lt_s (local.get $fuel) (i32.const 6)) (i32.gt_s (local.get $depth) (i32.const 400)))
  (then (return (local.get $pc)))
 )
 (local.set $v0 (i32.load offset=CPU.v0 (i32.const 0)))
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $x
  (block $block
   (result i32)
   (loop $label1
    (block $block1
     (drop (br_if $block (i32.const 4096) (i32.lt_s (local.get $fuel) (i32.const 6))))
     (local.set $v0 (i32.add (local.get $v0) (local.get $a0)))
     (local.set $a0 (i32.add (local.get $a0) (i32.const -1)))
     (local.set $condition (i32.lt_s (i32.const 0) (local.get $a0)))
     (drop (i32.shl (i32.const 0) (i32.const 0)))
     (br_if $block1 (i32.eqz (local.get $condition)))
     (local.set $fuel (i32.add (local.get $fuel) (i32.const -4)))
     (block $block2
      (local.set $turns (i32.div_s (i32.sub (local.get $fuel) (i32.const 6)) (i32.const 4)))
      (br_if $block2 (i32.lt_s (local.get $turns) (i32.const 1)))
      (local.set $turns (i32.mul (i32.sub (local.get $turns) (i32.const 1)) (i32.const 4)))
      (local.set $reserve (i32.sub (local.get $fuel) (local.get $turns)))
      (local.set $fuel (local.get $turns))
      (loop $label
       (local.set $v0 (i32.add (local.get $v0) (local.get $a0)))
       (local.set $a0 (i32.add (local.get $a0) (i32.const -1)))
       (local.set $condition (i32.lt_s (i32.const 0) (local.get $a0)))
       (drop (i32.shl (i32.const 0) (i32.const 0)))
       (if
        (local.get $condition)
        (then
         (local.set $fuel (i32.add (local.get $fuel) (i32.const -4)))
         (br_if $label (i32.ge_s (local.get $fuel) (i32.const 0)))
         (local.set $fuel (i32.add (local.get $fuel) (local.get $reserve)))
         (br $label1)
        )
        (else (local.set $fuel (i32.add (local.get $fuel) (local.get $reserve))) (br $block1))
       )
       (unreachable)
      )
      (unreachable)
     )
     (br $label1)
    )
    (local.set $target (local.get $ra))
    (drop (i32.shl (i32.const 0) (i32.const 0)))
    (local.set $fuel (i32.add (local.get $fuel) (i32.const -6)))
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
