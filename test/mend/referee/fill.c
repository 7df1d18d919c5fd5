// A module that takes the addresses of vmalloc up to one that it is given, so that the next module lies across a line of
// 256 MiB. It maps physical addresses without a device, in areas that become smaller towards the end: the kernel gives
// areas the lowest address that is free, and leaves a page free after each.

#include "module.h"

MODULE_LICENSE("Dual MIT/GPL");

void *ioremap_prot(unsigned long physical, unsigned long size, unsigned long protection);
void iounmap(void *area);
void vm_unmap_aliases(void);

#define NO_DEVICE 0x40000000ul
#define UNCACHED 0x400ul /* _CACHE_UNCACHED of MIPS32 */
#define PAGE 0x1000ul
#define LARGEST 0x100000ul

static unsigned int target;
MODULE_PARAM(target, uint, 0);

static int fill(void) {
  unsigned long size = LARGEST;
  vm_unmap_aliases();
  for (;;) {
    void *area = ioremap_prot(NO_DEVICE, size, UNCACHED);
    unsigned long end = (unsigned long)area + size + PAGE;
    if (!area) return -12;
    if (end + size + PAGE <= target) continue;
    if (size == PAGE) {
      _printk("fill: areas up to %lx\n", end);
      return 0;
    }
    if (end > target) {
      iounmap(area);
      vm_unmap_aliases();
    }
    size = size > 0x10000 ? 0x10000 : PAGE;
  }
}
module_init(fill);
