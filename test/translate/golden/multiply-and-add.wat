;; 80001000  mult	a0,a1
;; 80001004  madd	a2,a3
;; 80001008  mfhi	v1
;; 8000100c  mflo	v0
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
 (local.set $a0 (i32.load offset=CPU.a0 (i32.const 0)))
 (local.set $a1 (i32.load offset=CPU.a1 (i32.const 0)))
 (local.set $a2 (i32.load offset=CPU.a2 (i32.const 0)))
 (local.set $a3 (i32.load offset=CPU.a3 (i32.const 0)))
 (local.set $ra (i32.load offset=CPU.ra (i32.const 0)))
 (local.set $hilo (i64.mul (i64.extend_i32_s (local.get $a0)) (i64.extend_i32_s (local.get $a1))))
 (local.set $hilo
  (i64.add (local.get $hilo) (i64.mul (i64.extend_i32_s (local.get $a2)) (i64.extend_i32_s (local.get $a3))))
 )
 (local.set $v1 (i32.wrap_i64 (i64.shr_u (local.get $hilo) (i64.const 32))))
 (local.set $v0 (i32.wrap_i64 (local.get $hilo)))
 (local.set $target (local.get $ra))
 (drop (i32.shl (i32.const 0) (i32.const 0)))
 (local.set $fuel (i32.add (local.get $fuel) (i32.const -6)))
 (i32.store offset=CPU.v0 (i32.const 0) (local.get $v0))
 (i32.store offset=CPU.v1 (i32.const 0) (local.get $v1))
 (i64.store offset=16512 (i32.const 0) (i64.rotl (local.get $hilo) (i64.const 32)))
 (i32.store offset=FUEL (i32.const 0) (local.get $fuel))
 (return (local.get $target))
)
