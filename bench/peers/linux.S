# A Linux process around one of the benches' programs, for qemu-user. It calls the program with a number of rounds and
# writes the sum, highest byte first, to standard output. The linker's command line defines `program` and `rounds`.

        .set    noreorder
        .globl  __start
__start:
        addiu   $sp, $sp, -32
        lui     $a0, %hi(rounds)
        jal     program
        addiu   $a0, $a0, %lo(rounds)
        srl     $t0, $v0, 24
        sb      $t0, 16($sp)
        srl     $t0, $v0, 16
        sb      $t0, 17($sp)
        srl     $t0, $v0, 8
        sb      $t0, 18($sp)
        sb      $v0, 19($sp)
        li      $v0, 4004               # write
        li      $a0, 1
        addiu   $a1, $sp, 16
        li      $a2, 4
        syscall
        li      $v0, 4001               # exit
        li      $a0, 0
        syscall
