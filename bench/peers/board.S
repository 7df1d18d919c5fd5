# A minimal kernel of a Malta board around one of the benches' programs, for qemu-system. It calls the program with a
# number of rounds, writes the sum, highest byte first, to the serial port that needs no set-up, and resets the board.
# The linker's command line defines `program` and `rounds`.

        .set    noreorder
        .globl  __start
__start:
        lui     $sp, 0x8400             # the end of 64 MiB
        addiu   $sp, $sp, -32
        lui     $a0, %hi(rounds)
        jal     program
        addiu   $a0, $a0, %lo(rounds)
        lui     $t1, 0xbf00
        srl     $t0, $v0, 24
        sb      $t0, 0x900($t1)
        srl     $t0, $v0, 16
        sb      $t0, 0x900($t1)
        srl     $t0, $v0, 8
        sb      $t0, 0x900($t1)
        sb      $v0, 0x900($t1)
        li      $t0, 0x42
        sw      $t0, 0x500($t1)
1:      b       1b
        nop
