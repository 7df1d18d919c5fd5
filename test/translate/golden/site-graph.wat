;; 80001000  b	0x80001008
;; 80001004  .word	0x703fffd3
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
 (local.set $sp (i32.load offset=CPU.sp (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $x
  (block $block
   (result i32)
   (local.set $condition (i32.eq (i32.const 0) (i32.const 0)))
   (local.set $x (local.get $ra))
   (local.set $y (i32.load offset=GRAPH_DEPTH (i32.const 0)))
   (if
    (i32.lt_u (local.get $y) (i32.load offset=GRAPH_LIMIT (i32.const 0)))
    (then
     (local.set $count
      (i64.sub
       (i64.load offset=FUEL_END (i32.const 0))
       (i64.extend_i32_u (i32.add (local.get $fuel) (i32.const -1)))
      )
     )
     (local.set $address (i32.mul (local.get $y) (i32.const 16)))
     (i32.store offset=GRAPH_FRAMES (local.get $address) (local.get $x))
     (i32.store offset=GRAPH_FRAMES+4 (local.get $address) (i32.const -2147479552))
     (i64.store offset=GRAPH_FRAMES+8 (local.get $address) (local.get $count))
     (i32.store offset=GRAPH_DEPTH (i32.const 0) (i32.add (local.get $y) (i32.const 1)))
     (local.set $entry (i32.load offset=RING_CAPACITY (i32.const 0)))
     (if
      (local.get $entry)
      (then
       (local.set $wide (i64.load offset=RING_WRITTEN (i32.const 0)))
       (local.set $address
        (i32.shl
         (i32.and
          (i32.and (i32.sub (local.get $entry) (i32.const 1)) (i32.const -2))
          (i32.wrap_i64 (local.get $wide))
         )
         (i32.const 4)
        )
       )
       (i32.store offset=RING (local.get $address) (i32.const -2147479552))
       (i32.store offset=RING+4 (local.get $address) (local.get $x))
       (i64.store offset=RING+8 (local.get $address) (local.get $count))
       (i32.store offset=RING+24 (local.get $address) (local.get $y))
       (local.set $wide (i64.add (local.get $wide) (i64.const 2)))
       (i64.store offset=RING_WRITTEN (i32.const 0) (local.get $wide))
       (if
        (i32.eqz (i32.and (i32.wrap_i64 (local.get $wide)) (i32.const 63)))
        (then (i64.atomic.store offset=RING_PUBLISHED (i32.const 0) (local.get $wide)))
       )
      )
     )
     (local.set $x (i32.const -2147479584))
    )
    (else
     (local.set $x
      (call $fimport$depth
       (i32.const 1883242451)
       (i32.const -2147479552)
       (local.get $sp)
       (local.get $ra)
       (i32.add (local.get $fuel) (i32.const -1))
      )
     )
     (drop (br_if $block (i32.const 4097) (i32.eq (local.get $x) (i32.const -1))))
    )
   )
   (local.set $ra (local.get $x))
   (local.set $v0 (i32.add (local.get $a0) (local.get $a0)))
   (local.set $target (local.get $ra))
   (drop (i32.shl (i32.const 0) (i32.const 0)))
   (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
   (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
   (i32.store offset=CPU.ra (i32.const 0) (local.get $ra))
   (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
   (if
    (i32.eq (local.get $target) (i32.const -2147479584))
    (then
     (local.set $y (i32.sub (i32.load offset=GRAPH_DEPTH (i32.const 0)) (i32.const 1)))
     (if
      (i32.lt_u (local.get $y) (i32.const 143))
      (then
       (local.set $address (i32.mul (local.get $y) (i32.const 16)))
       (local.set $x (i32.load offset=GRAPH_FRAMES+4 (local.get $address)))
       (if
        (i32.and
         (i32.and (i32.eqz (i32.and (local.get $x) (i32.const 3))) (i32.gt_s (local.get $fuel) (i32.const 0)))
         (i32.load offset=GRAPH_RECORDING (i32.const 0))
        )
        (then
         (local.set $target (i32.load offset=GRAPH_FRAMES (local.get $address)))
         (local.set $count (i64.load offset=GRAPH_FRAMES+8 (local.get $address)))
         (i32.store offset=GRAPH_DEPTH (i32.const 0) (local.get $y))
         (i32.store offset=CPU.ra (i32.const 0) (local.get $target))
         (local.set $entry (i32.load offset=RING_CAPACITY (i32.const 0)))
         (if
          (local.get $entry)
          (then
           (local.set $wide (i64.load offset=RING_WRITTEN (i32.const 0)))
           (local.set $address
            (i32.shl
             (i32.and
              (i32.and (i32.sub (local.get $entry) (i32.const 1)) (i32.const -2))
              (i32.wrap_i64 (local.get $wide))
             )
             (i32.const 4)
            )
           )
           (i32.store offset=RING (local.get $address) (local.get $x))
           (i32.store offset=RING+4 (local.get $address) (local.get $target))
           (i64.store offset=RING+8
            (local.get $address)
            (i64.sub (i64.load offset=FUEL_END (i32.const 0)) (i64.extend_i32_u (local.get $fuel)))
           )
           (i64.store offset=RING+16 (local.get $address) (local.get $count))
           (i32.store offset=RING+24 (local.get $address) (i32.or (local.get $y) (i32.const -2147483648)))
           (i32.store offset=RING+28 (local.get $address) (i32.load offset=GRAPH_OVERRUN (i32.const 0)))
           (local.set $wide (i64.add (local.get $wide) (i64.const 2)))
           (i64.store offset=RING_WRITTEN (i32.const 0) (local.get $wide))
           (if
            (i32.eqz (i32.and (i32.wrap_i64 (local.get $wide)) (i32.const 63)))
            (then (i64.atomic.store offset=RING_PUBLISHED (i32.const 0) (local.get $wide)))
           )
          )
         )
        )
       )
      )
     )
    )
   )
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
