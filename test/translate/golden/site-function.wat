;; 80001000  b	0x80001008
;; 80001004  .word	0x70000010
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
 (local.set $y (local.get $ra))
 (local.set $x (i32.const -2147479552))
 (local.set $entry (i32.load offset=RING_CAPACITY (i32.const 0)))
 (if
  (local.get $entry)
  (then
   (local.set $wide (i64.load offset=RING_WRITTEN (i32.const 0)))
   (local.set $address
    (i32.shl
     (i32.and (i32.sub (local.get $entry) (i32.const 1)) (i32.wrap_i64 (local.get $wide)))
     (i32.const 4)
    )
   )
   (i32.store offset=RING (local.get $address) (local.get $x))
   (i32.store offset=RING+4 (local.get $address) (local.get $y))
   (i64.store offset=RING+8
    (local.get $address)
    (i64.sub
     (i64.load offset=FUEL_END (i32.const 0))
     (i64.extend_i32_u (i32.add (local.get $fuel) (i32.const -1)))
    )
   )
   (local.set $wide (i64.add (local.get $wide) (i64.const 1)))
   (i64.store offset=RING_WRITTEN (i32.const 0) (local.get $wide))
   (if
    (i32.eqz (i32.and (i32.wrap_i64 (local.get $wide)) (i32.const 63)))
    (then (i64.atomic.store offset=RING_PUBLISHED (i32.const 0) (local.get $wide)))
   )
  )
 )
 (local.set $v0 (i32.add (local.get $a0) (local.get $a0)))
 (local.set $target (local.get $ra))
 (drop (i32.shl (i32.const 0) (i32.const 0)))
 (local.set $fuel (i32.add (local.get $fuel) (i32.const -5)))
 (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
 (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
 (return (local.get $target))
)
