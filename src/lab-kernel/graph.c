/*
 * function_graph's two hooks, which ftrace_graph_caller and return_to_handler (mcount.S) call. They do, in guest
 * instructions, what 6.1's prepare_ftrace_return, function_graph_enter, trace_graph_entry and
 * ftrace_return_to_handler do with a task's shadow stack. One farjal instruction writes the record; a kernel writes
 * it into its ring buffer. The host sets the words below before it switches ftrace_graph_call on.
 *
 * The form of a site is recognised by its words, as in tracer.S. Where a site doesn't pass the place of ra in t4, the
 * stores of the prologue show it. The kernel's own search stops at a store of a register other than ra and s0..s8.
 */
#include "lab.h"
#include "words.h"

#define FRAMES 143u /* the most that a 32-bit kernel has */
#define RETURNS 0x80000000u
#define FP_TO_AT 156u /* mcount.S: fp - PT_SIZE - 8 + PT_R1 */
#define FP_TO_SP 8u

#define MOVE_AT_RA 0x03e00825u
#define JALR_V1 0x0060f809u
#define JALR_AT_V1 0x00600809u /* entry.S: in a patchable entry, a nop follows */
#define NOP 0u
#define PUSH 0x27bdfff8u
#define OP_JAL 0x03u
/* The bits of a site's words that lui v1 has in common with b, which replaces it while the site is off. */
#define FIRST_MASK 0x100c0000u
#define FIRST 0x10000000u
#define MOVE_S8_SP 0x03a0f025u
#define SW_SP 0xafa00000u /* sw rt,offset(sp) */
#define SW_SP_MASK 0xffe00000u
#define SUBU_SP 0x03a0e823u /* subu sp,sp,rt */
#define SUBU_SP_MASK 0xffe0ffffu

/* Flags of a frame. */
#define OPENED 1u
#define SILENCED 2u
#define RECORDED 4u

struct frame {
	u32 ret, func, bits;
	u64 entered;
};

/* Addresses of sites in ascending order: set_graph_function and set_graph_notrace. */
const u32 *lab_graph_functions, *lab_graph_notrace;
u32 lab_graph_functions_count, lab_graph_notrace_count;
/* The start addresses of modules' blocks, ascending: the search never reads below them. */
const u32 *lab_graph_starts;
u32 lab_graph_starts_count;
u32 lab_graph_frames;	 /* frames that the kernel's shadow stack has: FRAMES at most */
u32 lab_graph_most;	 /* max_graph_depth; 0: no limit */
u32 lab_graph_recording; /* 0: open functions still return properly, and nothing is recorded */
/* The state of the task. */
u32 lab_graph_depth, lab_graph_inside, lab_graph_silent, lab_graph_overrun;
static struct frame frames[FRAMES];

extern char return_to_handler[];

/* Writes the record. Returns the present count at an entry, `entered` at a return. */
static inline u64 record(u32 func, u32 ret, u32 depth, u64 entered)
{
	register u32 a0 __asm__("$4") = func;
	register u32 a1 __asm__("$5") = ret;
	register u32 a2 __asm__("$6") = depth;
	register u32 a3 __asm__("$7") = lab_graph_overrun;
	register u32 v0 __asm__("$2") = (u32)entered;
	register u32 v1 __asm__("$3") = (u32)(entered >> 32);

	__asm__ volatile(".word %6" : "+r"(v0), "+r"(v1) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "i"(TRACE_GRAPH));
	return (u64)v1 << 32 | v0;
}

static bool holds(const u32 *addresses, u32 count, u32 address)
{
	u32 low = 0;

	while (low < count) {
		u32 middle = (low + count) / 2;

		if (addresses[middle] == address)
			return true;
		if (addresses[middle] < address)
			low = middle + 1;
		else
			count = middle;
	}
	return false;
}

/* Returns the address that __mcount_loc holds. If the site has been switched off since, its jal is a nop. */
static const u32 *site_of(u32 self_ra)
{
	const u32 *word = (const u32 *)(self_ra - 8);
	u32 index;

	if (*word >> 26 == OP_JAL || (*word == NOP && word[-1] != JALR_AT_V1))
		return word;
	for (index = 5; index <= 8; index++) {
		word = (const u32 *)(self_ra - 4 * index);
		if ((*word & FIRST_MASK) == FIRST)
			return word;
	}
	return (const u32 *)(self_ra - 24);
}

/* Returns the last word of the prologue before a site that doesn't set t4, or null where the site sets it. */
static const u32 *prologue_of(const u32 *site)
{
	if (*site >> 26 > OP_JAL)
		return site[3] == JALR_V1 || site[3] == PUSH ? site - 1 : NULL;
	if (site[-1] == PUSH)
		site--;
	return site[-1] == MOVE_AT_RA ? site - 2 : NULL;
}

/* Returns the place where the function keeps its caller's return address; null where it can't be found. */
static u32 *saved_ra(const u32 *word, u32 fp)
{
	u32 *at = (u32 *)(fp - FP_TO_AT);

	for (;; word--) {
		u32 next = (u32)(word + 1);

		if (!(next % PAGE_SIZE) && holds(lab_graph_starts, lab_graph_starts_count, next))
			return at;
		if ((*word & SW_SP_MASK) == SW_SP) {
			if ((*word >> 16 & 31) == 31) {
				u32 *place = (u32 *)(fp - FP_TO_SP + (*word & 0xffff));

				return *place == *at ? place : NULL;
			}
		} else if ((*word & SUBU_SP_MASK) == SUBU_SP) {
			return NULL; /* the second part of a large frame */
		} else if (*word != MOVE_S8_SP) {
			return at; /* also at addiu sp,sp,-N, with which a prologue begins */
		}
	}
}

/* Pushes a frame if the function is to be followed; returns whether it is. */
static bool enter(u32 ret, u32 func)
{
	u32 depth = lab_graph_depth, bits = RECORDED;
	struct frame *frame = &frames[depth];

	if (depth >= lab_graph_frames) {
		lab_graph_overrun++;
		return false;
	}
	if (lab_graph_silent)
		return false;
	if (holds(lab_graph_notrace, lab_graph_notrace_count, func)) {
		lab_graph_silent = 1;
		bits = SILENCED;
	} else {
		if (lab_graph_functions_count && !lab_graph_inside) {
			if (!holds(lab_graph_functions, lab_graph_functions_count, func))
				return false;
			bits |= OPENED;
		}
		if (lab_graph_most && depth >= lab_graph_most)
			return false;
		if (bits & OPENED)
			lab_graph_inside = 1;
		frame->entered = record(func, ret, depth, 0);
	}
	frame->ret = ret;
	frame->func = func;
	frame->bits = bits;
	lab_graph_depth = depth + 1;
	return true;
}

void prepare_ftrace_return(u32 *parent_ra, u32 self_ra, u32 fp)
{
	const u32 *site = site_of(self_ra), *prologue = prologue_of(site);
	u32 ret;

	if (!lab_graph_recording)
		return;
	if (prologue)
		parent_ra = saved_ra(prologue, fp);
	if (!parent_ra)
		return;
	ret = *parent_ra;
	if (enter(ret, (u32)site))
		*parent_ra = (u32)return_to_handler;
}

u32 ftrace_return_to_handler(void)
{
	struct frame *frame;

	if (lab_graph_depth - 1 >= FRAMES)
		panic("function_graph: a return that nothing was entered for");
	frame = &frames[--lab_graph_depth];
	if (frame->bits & OPENED)
		lab_graph_inside = 0;
	if (frame->bits & SILENCED)
		lab_graph_silent = 0;
	if (frame->bits & RECORDED && lab_graph_recording)
		record(frame->func, frame->ret, lab_graph_depth | RETURNS, frame->entered);
	return frame->ret;
}
