/*
 * The site that recordmcount loses. recordmcount drops a relocation that is 4 bytes after the last one it read, in
 * order to count each long call's HI16 and LO16 once, but it doesn't reset this in the next section: .text ends with
 * its LO16 at 4, and .init.text's first site, after a prologue of two instructions, is at 8. lost_init calls _mcount
 * all the same, unlisted.
 */
#include "module.h"

noinline u32 lost_leaf(u32 a)
{
	return a * 5 + 2;
}

static int __init lost_init(void)
{
	return lost_leaf(_printk("lost: loaded\n")) == 0;
}
module_init(lost_init);
EXPORT_SYMBOL(lost_leaf);

MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("A call site that recordmcount loses");
