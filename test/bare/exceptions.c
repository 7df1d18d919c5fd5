/* Every exception that an instruction raises by itself or through its operands, alone and in the delay slot of every
   kind of branch. */

#include "bare.h"

/* Words that raise an exception, or may raise one. */
INSTRUCTIONS(each,
  I("syscall") I("syscall 0xfffff") I("break") I("break 7, 3") I("deret") I("ehb") I("ssnop") I("pref 0, 0($0)")
  NAMED("jalx", ".word 0x74000000")
  NAMED("ldl", ".word 0x68000000") NAMED("sdr", ".word 0xb4000000") NAMED("ld", ".word 0xdc000000")
  NAMED("lld", ".word 0xd0000000") NAMED("daddi", ".word 0x60000000") NAMED("daddiu", ".word 0x64000000")
  NAMED("special 01", ".word 0x00000005") NAMED("special 0e", ".word 0x0000000e")
  NAMED("dsllv", ".word 0x00000014") NAMED("dadd", ".word 0x0000002c") NAMED("special 3e", ".word 0x0000003e")
  NAMED("special 35", ".word 0x00000035") NAMED("special 28", ".word 0x00000028")
  NAMED("movf", ".word 0x00000001") NAMED("movci, bit 17", ".word 0x00020001")
  NAMED("srl, bit 22", ".word 0x00400002") NAMED("srlv, bit 7", ".word 0x00000086")
  NAMED("ext past 31", ".word 0x7c00f940") NAMED("ins, msb < lsb", ".word 0x7c002144")
  NAMED("special3 3f", ".word 0x7c00003f") NAMED("rdhwr 29", ".word 0x7c02e83b") NAMED("rdhwr 5", ".word 0x7c02283b")
  NAMED("bshfl 00", ".word 0x7c000020") NAMED("special2 03", ".word 0x70000003")
  NAMED("special2 3e", ".word 0x7000003e")
  NAMED("regimm 04", ".word 0x04040000") NAMED("regimm 1e", ".word 0x041e0000")
  NAMED("regimm 0d", ".word 0x040d0000")
  NAMED("cop0 rs 02", ".word 0x40400000") NAMED("cop0 co 07", ".word 0x42000007")
  NAMED("cop0 co 3f", ".word 0x4200003f")
  NAMED("rdpgpr", ".word 0x41441000") NAMED("wrpgpr", ".word 0x41c21000")
  NAMED("mfc1", ".word 0x44020000") NAMED("bc1f", ".word 0x45000000") NAMED("add.s", ".word 0x46000000")
  NAMED("mtc2", ".word 0x48800000") NAMED("bc2f", ".word 0x49000000")
  NAMED("cop1x", ".word 0x4c000000")
  NAMED("lwc1", ".word 0xc4800000") NAMED("swc1", ".word 0xe4800000") NAMED("ldc1", ".word 0xd4800000")
  NAMED("sdc1", ".word 0xf4800000")
  NAMED("lwc2", ".word 0xc8800000") NAMED("sdc2", ".word 0xf8800000")
  NAMED("lwc3", ".word 0xcc800000") NAMED("swc3", ".word 0xec800000")
  I("add $2, $4, $4") I("add $2, $5, $5") I("add $0, $4, $4") I("add $2, $4, $5") I("addi $2, $4, 1")
  I("addi $2, $5, -1") I("addi $2, $4, -1")
  I("sub $2, $5, $4") I("sub $2, $4, $5") I("sub $2, $0, $5") I("sub $2, $4, $4")
  I("addu $2, $4, $4") I("subu $2, $5, $4") I("div $0, $4, $0") I("divu $0, $4, $0")
  I("teq $4, $4") I("teq $4, $5") I("tge $4, $5") I("tge $5, $4") I("tgeu $4, $5") I("tgeu $5, $4")
  I("tlt $4, $5") I("tlt $5, $4") I("tltu $4, $5") I("tltu $5, $4") I("tne $4, $5") I("tne $4, $4")
  I("teqi $6, 3") I("teqi $6, -3") I("tgei $6, 4") I("tgei $6, 3") I("tgeiu $6, -1") I("tgeiu $5, 3")
  I("tlti $5, 3") I("tlti $6, 3") I("tltiu $6, -1") I("tltiu $5, 3") I("tnei $6, 3") I("tnei $6, 4")
  I("lw $2, 1($7)") I("lw $2, 2($7)") I("lh $2, 1($7)") I("lhu $2, 3($7)") I("sw $2, 2($7)") I("sh $2, -1($7)")
  I("ll $2, 2($7)") I("sc $2, 1($7)") I("lb $2, 3($7)") I("lwl $2, 1($7)") I("swr $2, 2($7)")
  I("lw $2, 1($0)") I("sw $2, 2($0)")
  I("lw $2, 4($0)") I("sw $2, 4($0)") I("lb $0, 5($0)") I("sb $2, 6($0)") I("lh $2, 6($0)") I("sh $2, 6($0)")
  I("lwl $2, 7($0)") I("lwr $2, 7($0)") I("swl $2, 7($0)") I("swr $2, 7($0)") I("ll $2, 8($0)"));

/* Branches to +16 with a delay slot at +4, and whether they are taken; a0 = 1, a1 = -1, a2 = 0, a3 = code+16. */
INSTRUCTIONS(branches,
  I("b .+16") I("beq $4, $4, .+16") I("beq $4, $5, .+16") I("bne $4, $5, .+16") I("bne $6, $0, .+16")
  I("blez $5, .+16") I("blez $4, .+16") I("bgtz $4, .+16") I("bgtz $5, .+16")
  I("bltz $5, .+16") I("bltz $4, .+16") I("bgez $4, .+16") I("bgez $5, .+16")
  I("bltzal $5, .+16") I("bltzal $4, .+16") I("bgezal $4, .+16") I("bgezal $5, .+16") I("bal .+16")
  I("beql $4, $4, .+16") I("beql $4, $5, .+16") I("bnel $4, $5, .+16") I("bnel $6, $0, .+16")
  I("blezl $5, .+16") I("blezl $4, .+16") I("bgtzl $4, .+16") I("bgtzl $5, .+16")
  I("bltzl $5, .+16") I("bltzl $4, .+16") I("bgezl $4, .+16") I("bgezl $5, .+16")
  I("bltzall $5, .+16") I("bltzall $4, .+16") I("bgezall $4, .+16") I("bgezall $5, .+16")
  NAMED("j", ".word 0x08080004") NAMED("jal", ".word 0x0c080004")
  I("jr $7") I("jr.hb $7") I("jalr $7") I("jalr.hb $7") I("jalr $2, $7"));

/* The instructions for the slots. */
INSTRUCTIONS(slots,
  I("nop") I("syscall") I("break 5") I("teq $4, $4") I("lw $2, 2($4)") I("sw $2, 0x400($0)") I("lh $3, -2($0)")
  I("add $2, $8, $8") NAMED("reserved", ".word 0x0000003e") NAMED("mfc1", ".word 0x44020000")
  NAMED("branch", "b .+4") NAMED("bgezal", "bgezal $4, .+4") NAMED("jr", "jr $7") NAMED("beql", "beql $4, $5, .+8"));

/* Code after a branch and its slot: for an untaken branch, and for a taken one. */
asm(".pushsection .rodata\n\t.align 2\n\t.set push\n\t.set noreorder\n"
    "ways:\tjr $t8\n\tli $v1, 1\n\tjr $t8\n\tli $v1, 2\n\t.set pop\n\t.popsection");
extern const word ways[];

void run(void) {
  static const word operands[4] = {0x7fffffff, 0x80000000, 3, 0x80300000};
  static const word conditions[4] = {1, 0xffffffff, 0, 0x80200010};
  settle();
  print("-- by themselves\n");
  for (const struct instruction *i = each; i->text; i++) {
    try(i, operands, 0);
    report(i->text);
  }
  print("-- in a taken branch's slot\n");
  for (const struct instruction *i = each; i->text; i++) {
    put(CODE, &branches[0].word, 1);
    put(CODE + 1, &i->word, 1);
    put(CODE + 2, ways, 4);
    attempt(CODE, operands, 0);
    print("b; ");
    report(i->text);
  }
  print("-- in every slot\n");
  for (const struct instruction *branch = branches; branch->text; branch++)
    for (const struct instruction *slot = slots; slot->text; slot++) {
      put(CODE, &branch->word, 1);
      put(CODE + 1, &slot->word, 1);
      put(CODE + 2, ways, 4);
      attempt(CODE, conditions, 0);
      print("%l ", branch->text);
      report(slot->text);
      if (branch->text[0] == 'b' && slot == slots) print("  ra %s\n",
          trap.ra == (word)(CODE + 2) ? "code+8" : "kept");
    }
}
