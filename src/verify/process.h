// A process without a C library on 32-bit MIPS: where the kernel enters it, and its system calls (o32: four arguments in
// registers, the others on the stack; a3 says that v0 is an error's number). The guests of `verify`, of the board and of
// the tests of mending include it; each has its own main().

__asm__(
    ".set noreorder\n"
    ".globl __start\n"
    "__start:\n"
    "  jal main\n"
    "   addiu $sp, $sp, -32\n"
    "  break\n"
    ".globl kernel\n" /* kernel(number, a, b, c, d, e, f): the result, or -errno */
    "kernel:\n"
    "  addiu $sp, $sp, -32\n"
    "  move $v0, $a0\n"
    "  move $a0, $a1\n"
    "  move $a1, $a2\n"
    "  move $a2, $a3\n"
    "  lw $a3, 48($sp)\n"
    "  lw $t0, 52($sp)\n"
    "  lw $t1, 56($sp)\n"
    "  sw $t0, 16($sp)\n"
    "  sw $t1, 20($sp)\n"
    "  syscall\n"
    "  beqz $a3, 1f\n"
    "   nop\n"
    "  negu $v0, $v0\n"
    "1: jr $ra\n"
    "   addiu $sp, $sp, 32\n"
    ".set reorder\n");

long kernel(long number, ...);
