/* The TLB: refill, invalid and modified, in both halves of a pair and in every mapped segment; ASID and G; every page
   size; what tlbp finds, what tlbr reads, and which entries tlbwr never writes. */

#include "bare.h"

INSTRUCTIONS(loads, I("lw $2, 0($4)") I("lb $2, 3($4)") I("lhu $2, 2($4)") I("lwl $2, 1($4)") I("lwr $2, 1($4)")
  I("ll $2, 0($4)"));
INSTRUCTIONS(stores, I("sw $5, 0($4)") I("sb $5, 3($4)") I("sh $5, 2($4)") I("swl $5, 1($4)") I("swr $5, 1($4)"));

static void access(const struct instruction *instruction, word va) {
  const word arguments[4] = {va, 0xa5a5a5a5, 0, 0};
  try(instruction, arguments, 0);
  print("%x ", va);
  report(instruction->text);
}

static void everyAccess(word va) {
  for (const struct instruction *i = loads; i->text; i++) access(i, va);
  for (const struct instruction *i = stores; i->text; i++) access(i, va);
}

static void fetch(word va) {
  static const word none[4];
  attempt((word *)va, none, 0);
  print("%x ", va);
  report("fetch");
}

static void readBack(word index) {
  word entryHi = mfc0(10, 0);
  mtc0(0, 0, index);
  asm volatile("tlbr\n\tehb" : : : "memory");
  print("entry %u EntryHi %x PageMask %x EntryLo %x %x\n", index, mfc0(10, 0), mfc0(5, 0), mfc0(2, 0), mfc0(3, 0));
  mtc0(10, 0, entryHi);
  mtc0(5, 0, 0);
}

static void probe(word entryHi) {
  word before = mfc0(10, 0);
  mtc0(10, 0, entryHi);
  asm volatile("tlbp\n\tehb" : : : "memory");
  word index = mfc0(0, 0);
  if (index >> 31)
    print("tlbp %x nothing\n", entryHi);
  else
    print("tlbp %x entry %u\n", entryHi, index);
  mtc0(10, 0, before);
}

void run(void) {
  settle();
  for (word page = 0; page < 32; page++) KSEG0(PAGES + page * 0x1000) = 0xcafe0000 + page;

  print("-- nothing there\n");
  mtc0(10, 0, 0x5a);
  mtc0(4, 0, 0x12800000);
  everyAccess(0x00000000);
  everyAccess(0x7ffff000);
  everyAccess(0xc0000000);
  everyAccess(0xe0002000);
  everyAccess(0xfffff000);
  fetch(0x00400000);
  fetch(0x7ffffff8);
  fetch(0xc0123450);
  fetch(0xfffffff0);
  mtc0(10, 0, 0);

  print("-- V and D of each half\n");
  for (word even = 0; even < 4; even++)
    for (word odd = 0; odd < 4; odd++) {
      setTlb(2, 0x00400000, lo(PAGES, even << 1 | CACHED), lo(PAGES + 0x1000, odd << 1 | UNCACHED), 0);
      access(loads, 0x00400000);
      access(stores, 0x00400004);
      access(loads, 0x00401000);
      access(stores, 0x00401004);
    }
  everyAccess(0x00400010);
  setTlb(2, 0x00400000, lo(PAGES, D), lo(PAGES + 0x1000, V), 0);
  everyAccess(0x00400010);
  everyAccess(0x00401010);
  fetch(0x00400010);
  setTlb(2, 0xc0400000, lo(PAGES, D), lo(PAGES + 0x1000, V), 0);
  everyAccess(0xc0400010);
  everyAccess(0xc0401010);
  fetch(0xc0400010);

  print("-- writing an entry again takes effect at once\n");
  setTlb(2, 0x00400000, lo(PAGES, V | D), lo(PAGES, V | D), 0);
  access(stores, 0x00400020);
  setTlb(2, 0x00400000, lo(PAGES, V), lo(PAGES, V), 0);
  access(stores, 0x00400020);
  setTlb(2, 0x00400000, lo(PAGES + 0x2000, V), lo(PAGES, V), 0);
  access(loads, 0x00400000);
  setTlb(2, 0x00800000, lo(PAGES + 0x2000, V), lo(PAGES, V), 0);
  access(loads, 0x00400000);
  access(loads, 0x00800000);
  clearTlb();
  access(loads, 0x00800000);

  print("-- ASID and G\n");
  setTlb(0, 0x00400001, lo(PAGES, V | D), lo(PAGES + 0x1000, V | D), 0);
  setTlb(1, 0x00400002, lo(PAGES + 0x2000, V | D), lo(PAGES + 0x3000, V | D), 0);
  setTlb(2, 0x00402003, lo(PAGES + 0x4000, V | D | G), lo(PAGES + 0x5000, V | G), 0);
  setTlb(3, 0x00404004, lo(PAGES + 0x6000, V | G), lo(PAGES + 0x7000, V), 0);
  setTlb(4, 0xc0404004, lo(PAGES + 0x8000, V), lo(PAGES + 0x9000, V | G), 0);
  static const word asids[] = {0, 1, 2, 3, 4, 0x101, 0xff};
  for (word i = 0; i < sizeof asids / sizeof *asids; i++) {
    mtc0(10, 0, asids[i]);
    print("ASID %x\n", asids[i]);
    access(loads, 0x00400000);
    access(loads, 0x00401000);
    access(loads, 0x00402000);
    access(stores, 0x00403004);
    access(loads, 0x00404000);
    access(loads, 0x00405000);
    access(loads, 0xc0404000);
    mtc0(10, 0, asids[i]);
    for (word page = 0; page < 6; page++) probe(0x00400000 + page * 0x1000 + asids[i]);
    probe(0xc0404000 + asids[i]);
  }
  for (word index = 0; index < 5; index++) readBack(index);

  print("-- page sizes\n");
  for (word bits = 0; bits < 0x10000; bits = bits << 2 | 3) {
    clearTlb();
    word mask = bits << 13, size = (mask | 0x1fff) / 2 + 1, pair = 0x40000000;
    mtc0(10, 0, 7);
    setTlb(5, pair + 7, lo(0, V | D), lo(size >= 0x4000000 ? 0 : size, V), mask);
    readBack(5);
    print("size %x\n", size);
    access(loads, pair + (size > PAGES ? PAGES : 0));
    access(loads, pair + size - 4);
    access(loads, pair + size);
    access(stores, pair + size);
    access(stores, pair + 2 * size - 4);
    access(loads, pair + 2 * size);
    access(loads, pair - 4);
    mtc0(10, 0, 7);
    probe(pair + 7);
    probe(pair + size + 7);
    probe(pair + 2 * size - 0x2000 + 7);
    probe(pair + 2 * size + 7);
    probe(pair + 8);
  }
  mtc0(10, 0, 0);

  print("-- a large page's entry, at an address and with PFN bits within the page\n");
  clearTlb();
  setTlb(6, 0x40006000, lo(PAGES + 0x5000, V | D), lo(PAGES + 0x13000, V | D), 0x6000);
  readBack(6);
  access(loads, 0x40000000);
  access(loads, 0x40001000);
  access(loads, 0x40003000);
  access(loads, 0x40004000);
  access(loads, 0x40007000);
  access(loads, 0x40008000);
  print("-- what bits an entry keeps\n");
  setTlb(7, 0xffffffff, 0xffffffff, 0xffffffff, 0);
  readBack(7);
  setTlb(7, 0x40001f00, 0xffffffff, 0xfffffffe, 0x1fffe000);
  readBack(7);
  setTlb(7, 0x80000000, 0, 0, 0);
  readBack(7);

  print("-- tlbwr leaves the wired alone, and reaches all others\n");
  for (word wired = 0; wired < 16; wired += 5) {
    for (word index = 0; index < 16; index++) setTlb(index, 0x40000000 + index * 0x2000, 0, 0, 0);
    mtc0(6, 0, wired);
    for (int i = 0; i < 3000; i++) {
      mtc0(10, 0, 0x50000000 + i * 0x2000);
      asm volatile("tlbwr\n\tehb" : : : "memory");
    }
    print("Wired %u, kept", wired);
    for (word index = 0; index < 16; index++) {
      mtc0(0, 0, index);
      asm volatile("tlbr\n\tehb" : : : "memory");
      if (mfc0(10, 0) >> 28 == 4) print(" %u", index);
    }
    print("\n");
  }
  mtc0(6, 0, 0);
  mtc0(10, 0, 0);

  print("-- physical addresses where nothing is\n");
  clearTlb();
  setTlb(0, 0x00400000, lo(0x30000000, V | D), lo(0x3ffff000, V | D), 0);
  access(loads, 0x00400000);
  fetch(0x00400000);
  fetch(0x00401ff0);
  access(loads, 0x00401ffc);
}
