# A program that shows what a MIPS32r2 CPU does in kernel and user mode with exceptions, the TLB and interrupts: it
# logs every exception and every result as a record of eight words from LOG on. build.sh stores the log of QEMU's 24Kc
# beside this file, and board.test.ts compares farjal's log with it.
#
# Record: tag, Cause, EPC, BadVAddr, EntryHi, Context, Status (all as the handler reads them), 0; or "VALUE", tag, and
# up to six words that the program computed.

        .set    noreorder
        .set    noat
        .set    mips32r2

#define LOG     0xa0100000
#define VALUE   0x56414c55
#define CAUSE   0xb000007c      /* BD, CE, ExcCode: what doesn't depend on time */
#define log     $s0
#define resume  $s7
#define tag     $s6

#define C0_INDEX        $0
#define C0_ENTRYLO0     $2
#define C0_ENTRYLO1     $3
#define C0_CONTEXT      $4
#define C0_PAGEMASK     $5
#define C0_HWRENA       $7
#define C0_BADVADDR     $8
#define C0_ENTRYHI      $10
#define C0_COMPARE      $11
#define C0_STATUS       $12
#define C0_CAUSE        $13
#define C0_EPC          $14
#define C0_ERROREPC     $30

        .text
        .globl  __start
__start:
        mtc0    $0, C0_STATUS
        mtc0    $0, C0_COMPARE
        ehb
        li      log, LOG
        li      tag, 0
        # The vectors: each notes its own number and jumps to the handler.
        la      $t0, vectors
        li      $t1, 0xa0000000
        addiu   $t2, $t1, 0x400
1:      lw      $t3, 0($t0)
        sw      $t3, 0($t1)
        addiu   $t1, $t1, 4
        bne     $t1, $t2, 1b
        addiu   $t0, $t0, 4
        # A TLB without a valid entry.
        mtc0    $0, C0_ENTRYLO0
        mtc0    $0, C0_ENTRYLO1
        mtc0    $0, C0_PAGEMASK
        li      $t0, 15
        li      $t1, 0x80000000
1:      mtc0    $t0, C0_INDEX
        mtc0    $t1, C0_ENTRYHI
        ehb
        tlbwi
        addiu   $t1, $t1, 0x2000
        bnez    $t0, 1b
        addiu   $t0, $t0, -1
        mtc0    $0, C0_ENTRYHI
        mtc0    $0, C0_BADVADDR
        li      $t0, 0xff800000
        mtc0    $t0, C0_CONTEXT
        ehb
        j       tests
        nop

# Runs the lines up to END as one test: an exception in them is logged, and the program continues after END.
        .macro  TEST
        addiu   tag, tag, 1
        la      resume, 7f
        .endm
        .macro  END
7:
        .endm

# The same instruction alone and in the delay slot of a taken and of an untaken branch.
        .macro  THRICE insn:vararg
        TEST
        \insn
        END
        TEST
        b       6f
        \insn
6:      nop
        END
        TEST
        beqz    log, 6f
        \insn
6:      nop
        END
        .endm

# Logs up to six registers.
        .macro  LOGS a=$0, b=$0, c=$0, d=$0, e=$0, f=$0
        addiu   tag, tag, 1
        li      $k0, VALUE
        sw      $k0, 0(log)
        sw      tag, 4(log)
        sw      \a, 8(log)
        sw      \b, 12(log)
        sw      \c, 16(log)
        sw      \d, 20(log)
        sw      \e, 24(log)
        sw      \f, 28(log)
        addiu   log, log, 32
        .endm

# Writes a TLB entry.
        .macro  TLB index, hi, lo0, lo1, mask=0
        li      $t8, \index
        mtc0    $t8, C0_INDEX
        li      $t8, \mask
        mtc0    $t8, C0_PAGEMASK
        li      $t8, \lo0
        mtc0    $t8, C0_ENTRYLO0
        li      $t8, \lo1
        mtc0    $t8, C0_ENTRYLO1
        li      $t8, \hi
        mtc0    $t8, C0_ENTRYHI
        ehb
        tlbwi
        mtc0    $0, C0_PAGEMASK
        ehb
        .endm

        .macro  ENTRYHI value
        li      $t8, \value
        mtc0    $t8, C0_ENTRYHI
        ehb
        .endm

# Jumps to address in user mode (bits: further Status bits).
        .macro  USER address, bits=0
        li      $t8, 0x12 | \bits
        mtc0    $t8, C0_STATUS
        li      $t8, \address
        mtc0    $t8, C0_EPC
        ehb
        eret
        .endm

# A word of code at a physical address, through kseg1.
        .macro  PLACE address, insn:vararg
        la      $t8, 8f
        lw      $t8, 0($t8)
        li      $t9, 0xa0000000 + \address
        sw      $t8, 0($t9)
        b       9f
        nop
8:      \insn
        nop
9:
        .endm

        .macro  PUT address, value
        li      $t8, 0xa0000000 + \address
        li      $t9, \value
        sw      $t9, 0($t8)
        .endm

#define LO(physical, bits) (((physical) >> 6) | (bits))
#define G 1
#define V 2
#define D 4

tests:
        # Exceptions that an instruction raises by itself or through its operands.
        li      $a0, 0x7fffffff
        li      $a1, 0x80000000
        li      $a2, 1
        THRICE  syscall 5
        THRICE  break 7
        THRICE  .word 0x60000000
        THRICE  .word 0x0000003e
        THRICE  .word 0x7c00003f
        THRICE  .word 0x42000007
        THRICE  .word 0x44000000
        THRICE  .word 0x4c000000
        THRICE  .word 0xc4800000
        THRICE  .word 0xc8800000
        THRICE  .word 0x00000001
        THRICE  add $v0, $a0, $a2
        THRICE  addi $v0, $a0, 1
        THRICE  sub $v0, $a1, $a2
        THRICE  teq $a2, $a2
        THRICE  tltu $a0, $a1
        THRICE  tgei $a1, -1
        THRICE  tgei $a0, -1
        THRICE  deret

        # Address errors.
        li      $a0, 0x80200000
        THRICE  lw $v0, 1($a0)
        THRICE  lh $v0, 3($a0)
        THRICE  sw $v0, 2($a0)
        THRICE  sh $v0, -1($a0)
        THRICE  ll $v0, 2($a0)
        THRICE  lw $v0, 1($0)
        TEST
        li      $t0, 0x80200002
        jr      $t0
        nop
        END

        # Refills, of every segment that is mapped, and within an exception.
        li      $a1, 0x7fffeffc
        li      $a2, 0xc0000000
        li      $a3, 0xffffe000
        THRICE  lw $v0, 0x1234($0)
        THRICE  sb $v0, 0x1235($0)
        THRICE  lwl $v0, 3($a1)
        THRICE  swr $v0, 0($a2)
        THRICE  lhu $v0, 0x1ffe($a3)
        THRICE  ll $v0, 0($a2)
        ENTRYHI 0x000000a5
        THRICE  lw $v0, 0($a1)
        TEST
        li      $t0, 0x00300000
        jr      $t0
        nop
        END
        TEST
        li      $t0, 2
        mtc0    $t0, C0_STATUS
        ehb
        lw      $v0, 0x2468($0)
        END
        TEST
        li      $t0, 2
        mtc0    $t0, C0_STATUS
        ehb
        b       6f
        syscall
6:      nop
        END

        # Pages: V, D, both halves, sizes.
        PUT     0x00300010, 0x33333333
        PUT     0x00301010, 0x44444444
        PUT     0x00304010, 0x55555555
        PUT     0x00307ffc, 0x66666666
        TLB     3, 0x00400000, LO(0x300000, V | D), LO(0x301000, V)
        TLB     4, 0x00402000, LO(0x300000, D), LO(0x301000, V | D)
        ENTRYHI 0
        li      $a0, 0x00400010
        li      $t0, 0
        li      $t1, 0
        li      $t2, 0
        TEST
        lw      $t0, 0($a0)
        lw      $t1, 0x1000($a0)
        sw      $t1, 4($a0)
        lw      $t2, 4($a0)
        END
        LOGS    $t0, $t1, $t2
        THRICE  sw $0, 0x1000($a0)
        THRICE  lw $v0, 0x2000($a0)
        THRICE  sw $v0, 0x2000($a0)
        THRICE  sw $v0, 0x3000($a0)
        TEST
        li      $t0, 0x00402000
        jr      $t0
        nop
        END
        TLB     5, 0x00800000, LO(0x300000, V | D), LO(0x304000, V | D), 0x6000
        ENTRYHI 0
        li      $a0, 0x00800010
        li      $a1, 0x00807ffc
        li      $t3, 0
        TEST
        lw      $t0, 0($a0)
        lw      $t1, 0x1000($a0)
        lw      $t2, 0x4000($a0)
        lw      $t3, 0($a1)
        END
        LOGS    $t0, $t1, $t2, $t3
        THRICE  lw $v0, 4($a1)

        # ASID and G; what tlbp finds and tlbr reads.
        TLB     6, 0x00a00001, LO(0x300000, V | D), LO(0x301000, V)
        TLB     7, 0x00a00002, LO(0x301000, V | D), LO(0x300000, V)
        TLB     8, 0xc0000003, LO(0x304000, V | G), LO(0x301000, V | D | G)
        TLB     9, 0xc0004003, LO(0x304000, V | G), LO(0x301000, V | D)
        li      $a0, 0x00a00010
        li      $a1, 0xc0000010
        li      $a2, 0xc0004010
        ENTRYHI 1
        lw      $t0, 0($a0)
        lw      $t1, 0($a1)
        ENTRYHI 2
        lw      $t2, 0($a0)
        lw      $t3, 0($a1)
        LOGS    $t0, $t1, $t2, $t3
        THRICE  lw $v0, 0($a2)
        ENTRYHI 4
        THRICE  lw $v0, 0($a0)
        THRICE  sw $v0, 0($a1)
        ENTRYHI 0x00a00002
        tlbp
        mfc0    $t0, C0_INDEX
        ENTRYHI 0xc0001077
        tlbp
        mfc0    $t1, C0_INDEX
        ENTRYHI 0x00806000
        tlbp
        mfc0    $t2, C0_INDEX
        ENTRYHI 0x00a00003
        tlbp
        mfc0    $t3, C0_INDEX
        srl     $t3, $t3, 31
        LOGS    $t0, $t1, $t2, $t3
        .irp    index, 3, 5, 7, 8, 9
        li      $t0, \index
        mtc0    $t0, C0_INDEX
        ehb
        tlbr
        ehb
        mfc0    $t0, C0_ENTRYHI
        mfc0    $t1, C0_ENTRYLO0
        mfc0    $t2, C0_ENTRYLO1
        mfc0    $t3, C0_PAGEMASK
        LOGS    $t0, $t1, $t2, $t3
        .endr
        mtc0    $0, C0_PAGEMASK
        # An entry is rewritten: the old translation is gone at once.
        ENTRYHI 1
        lw      $t0, 0($a0)
        TLB     6, 0x00c00001, LO(0x300000, V | D), LO(0x301000, V)
        THRICE  lw $v0, 0($a0)
        # Changing D of a page in use.
        TLB     7, 0x00e00001, LO(0x300000, V | D), LO(0x301000, V)
        li      $a0, 0x00e00020
        sw      $0, 0($a0)
        TLB     7, 0x00e00001, LO(0x300000, V), LO(0x301000, V)
        THRICE  sw $0, 0($a0)

        # User mode: its code is at 00400000 (physical 00300000).
        TLB     3, 0x00400000, LO(0x300000, V | D), LO(0x301000, V)
        ENTRYHI 0
        .macro  AS_USER insn:vararg
        PLACE   0x300100, \insn
        PLACE   0x300104, nop
        TEST
        USER    0x00400100
        END
        PLACE   0x300100, nop
        PLACE   0x300100, b .+8
        PLACE   0x300104, \insn
        PLACE   0x300108, syscall
        TEST
        USER    0x00400100
        END
        .endm
        li      $a0, 0x80200000
        li      $a1, 0xc0000000
        li      $a2, 0x00401000
        PLACE   0x300108, syscall
        AS_USER syscall 1
        AS_USER nop
        AS_USER lw $v0, 0($a0)
        AS_USER sw $v0, 0($a0)
        AS_USER lw $v0, 0($a1)
        AS_USER sb $v0, 3($a1)
        AS_USER sw $v0, 0($a2)
        AS_USER lb $v0, -1($0)
        AS_USER lw $v0, 2($a0)
        AS_USER mfc0 $v0, C0_STATUS
        AS_USER mtc0 $v0, C0_STATUS
        AS_USER tlbwi
        AS_USER eret
        AS_USER di
        AS_USER wait
        AS_USER cache 0x15, 0($a2)
        AS_USER rdhwr $v0, $2
        AS_USER rdhwr $v0, $1
        AS_USER .word 0x60000000
        AS_USER .word 0x44000000
        li      $t0, 0xf
        mtc0    $t0, C0_HWRENA
        ehb
        AS_USER rdhwr $v0, $1
        AS_USER rdhwr $v0, $3
        AS_USER rdhwr $v0, $4
        mtc0    $0, C0_HWRENA
        ehb
        TEST
        USER    0x80200000
        END
        TEST
        USER    0x00400102
        END
        TEST
        USER    0x7fff0000
        END
        # With CU0 user mode may use CP0.
        li      $v0, 0
        PLACE   0x300100, mfc0 $v0, C0_EPC
        PLACE   0x300104, syscall
        TEST
        USER    0x00400100, 0x10000000
        END
        LOGS    $v0

        # ERL: useg is unmapped, eret goes to ErrorEPC and clears ERL alone.
        PUT     0x00308000, 0x77777777
        li      $t0, 6
        mtc0    $t0, C0_STATUS
        ehb
        li      $t1, 0x00308000
        lw      $t0, 0($t1)
        la      $t2, 1f
        mtc0    $t2, C0_ERROREPC
        ehb
        eret
        nop
1:      mfc0    $t3, C0_STATUS
        mtc0    $0, C0_STATUS
        ehb
        LOGS    $t0, $t3
        THRICE  lw $v0, 0($t1)

        # Software interrupts, alone and with IV; they may be logged only at the word after the enabling one.
        li      $t1, 0x100
        mtc0    $t1, C0_CAUSE
        ehb
        TEST
        li      $t0, 0x101
        mtc0    $t0, C0_STATUS
        ehb
        nop
        nop
        END
        mtc0    $0, C0_STATUS
        li      $t1, 0x00800200
        mtc0    $t1, C0_CAUSE
        ehb
        TEST
        li      $t0, 0x201
        mtc0    $t0, C0_STATUS
        ehb
        nop
        nop
        END
        mtc0    $0, C0_STATUS
        mtc0    $0, C0_CAUSE
        li      $t0, 0x0101
        mtc0    $t0, C0_STATUS
        ehb
        di      $t1
        ehb
        mfc0    $t2, C0_STATUS
        ei      $t3
        ehb
        mfc0    $t4, C0_STATUS
        mtc0    $0, C0_STATUS
        ehb
        LOGS    $t1, $t2, $t3, $t4

        # The link of ll doesn't outlive an eret.
        li      $a0, 0x80300040
        li      $t0, 1
        ll      $v0, 0($a0)
        sc      $t0, 0($a0)
        la      $t1, 1f
        mtc0    $t1, C0_EPC
        ehb
        ll      $v0, 0($a0)
        li      $t1, 1
        eret
1:      sc      $t1, 0($a0)
        LOGS    $t0, $t1

        # The end of the log.
        sw      $0, 0(log)
        sw      $0, 4(log)
1:      b       1b
        nop

# The vector's number in k1; then the record.
        .balign 4
vectors:
        j       handler
        li      $k1, 0x10000
        .org    vectors + 0x180
        j       handler
        li      $k1, 0x20000
        .org    vectors + 0x200
        j       handler
        li      $k1, 0x30000
        .org    vectors + 0x400

handler:
        or      $k1, $k1, tag
        sw      $k1, 0(log)
        mfc0    $k0, C0_CAUSE
        li      $k1, CAUSE
        and     $k0, $k0, $k1
        sw      $k0, 4(log)
        mfc0    $k0, C0_EPC
        sw      $k0, 8(log)
        mfc0    $k0, C0_BADVADDR
        sw      $k0, 12(log)
        mfc0    $k0, C0_ENTRYHI
        sw      $k0, 16(log)
        mfc0    $k0, C0_CONTEXT
        sw      $k0, 20(log)
        mfc0    $k0, C0_STATUS
        sw      $k0, 24(log)
        sw      $0, 28(log)
        addiu   log, log, 32
        # Back to the test in kernel mode with interrupts off.
        li      $k0, 2
        mtc0    $k0, C0_STATUS
        mtc0    resume, C0_EPC
        ehb
        eret
        nop
