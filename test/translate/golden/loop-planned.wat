;; 80001000  lw	v1,0(sp)
;; 80001004  addu	v0,v0,v1
;; 80001008  addiu	sp,sp,4
;; 8000100c  bne	sp,a0,0x80001000
;; 80001010  nop
;; 80001014  jr	ra
;; 80001018  nop
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
 (local.set $v1 (i32.load offset=CPU.v1 (i32.const 0)))
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $sp (i32.load offset=CPU.sp (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $x
  (block $block
   (result i32)
   (loop $label1
    (block $block2
     (drop (br_if $block (i32.const 4096) (i32.lt_s (local.get $fuel) (i32.const 7))))
     (local.set $address (i32.add (i32.add (local.get $sp) (i32.const 0)) (i32.const -2147483648)))
     (drop (br_if $block (i32.const 4097) (i32.and (local.get $address) (i32.const -1048573))))
     (local.set $v1 (i32.load offset=71303168 (local.get $address)))
     (local.set $v0 (i32.add (local.get $v0) (local.get $v1)))
     (local.set $sp (i32.add (local.get $sp) (i32.const 4)))
     (local.set $condition (i32.ne (local.get $sp) (local.get $a0)))
     (drop (i32.shl (i32.const 0) (i32.const 0)))
     (if
      (local.get $condition)
      (then
       (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
       (block $block1
        (local.set $turns (i32.div_s (i32.sub (local.get $fuel) (i32.const 7)) (i32.const 5)))
        (br_if $block1 (i32.lt_s (local.get $turns) (i32.const 1)))
        (local.set $address (i32.add (i32.const -2147483648) (local.get $sp)))
        (br_if $block1 (i32.gt_u (i32.rotr (local.get $address) (i32.const 2)) (i32.const 262143)))
        (local.set $y
         (i32.add (i32.div_u (i32.sub (i32.const 1048572) (local.get $address)) (i32.const 4)) (i32.const 1))
        )
        (if (i32.lt_u (local.get $y) (local.get $turns)) (then (local.set $turns (local.get $y))))
        (local.set $address
         (i32.add (i32.add (i32.const -4) (local.get $a0)) (i32.mul (local.get $sp) (i32.const -1)))
        )
        (local.set $y (i32.div_u (local.get $address) (i32.const 4)))
        (br_if $block1 (i32.ne (i32.mul (local.get $y) (i32.const 4)) (local.get $address)))
        (local.set $ends (i32.lt_u (local.get $y) (local.get $turns)))
        (if (local.get $ends) (then (local.set $turns (i32.add (local.get $y) (i32.const 1)))))
        (local.set $turns (i32.mul (i32.sub (local.get $turns) (i32.const 1)) (i32.const 5)))
        (local.set $reserve (i32.sub (local.get $fuel) (local.get $turns)))
        (local.set $fuel (local.get $turns))
        (local.set $sp (i32.add (local.get $sp) (i32.const -2147483648)))
        (loop $label
         (local.set $address (i32.add (i32.add (local.get $sp) (i32.const 0)) (i32.const 0)))
         (local.set $v1 (i32.load offset=71303168 (local.get $address)))
         (local.set $v0 (i32.add (local.get $v0) (local.get $v1)))
         (local.set $sp (i32.add (local.get $sp) (i32.const 4)))
         (local.set $condition (i32.ne (local.get $sp) (local.get $a0)))
         (drop (i32.shl (i32.const 0) (i32.const 0)))
         (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
         (br_if $label (i32.ge_s (local.get $fuel) (i32.const 0)))
         (local.set $fuel (i32.add (local.get $fuel) (local.get $reserve)))
         (local.set $sp (i32.add (local.get $sp) (i32.const -2147483648)))
         (br_if $block2 (local.get $ends))
         (br $label1)
        )
        (unreachable)
       )
       (br $label1)
      )
      (else (local.set $fuel (i32.add (local.get $fuel) (i32.const -5))) (br $block2))
     )
     (unreachable)
    )
    (local.set $target (local.get $ra))
    (drop (i32.shl (i32.const 0) (i32.const 0)))
    (local.set $fuel (i32.add (local.get $fuel) (i32.const -2)))
    (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
    (i32.store offset=CPU.v1 (i32.const 0) (local.get $v1))
    (i32.store offset=CPU.sp (i32.const 0) (local.get $sp))
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
   (i32.store offset=CPU.v1 (i32.const 0) (local.get $v1))
   (i32.store offset=CPU.sp (i32.const 0) (local.get $sp))
   (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
   (local.get $scratch)
  )
 )
)
