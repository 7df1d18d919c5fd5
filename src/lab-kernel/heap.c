/*
 * The lab's memory: one heap that serves kmalloc, slab caches, vmalloc and whole pages alike.
 *
 * The host gives the range in two words, lab_heap_start and lab_heap_end, before the first call. The range is a row
 * of blocks, and each begins with a header. Free blocks are chained in address order and merge with their neighbours.
 * A request takes the first block that is large enough. Without memory the result is a null pointer, as in the
 * kernel. Freeing twice, or freeing what was never allocated, is a defect of the module and ends the run with panic.
 */
#include "lab.h"

#define GRAIN 16u /* blocks and sizes are multiples of it; it also holds a header */
#define USED 0x7573656du
#define FREED 0x66726565u
#define ZEROED 0x100u /* __GFP_ZERO */
#define LARGEST 0x40000000u

struct block {
	u32 size;           /* of the whole block, header included */
	u32 mark;           /* USED or FREED, xor its own address, so that other data isn't taken for a header */
	u32 payload;        /* number of bytes requested */
	struct block *next; /* free blocks: the next one in address order */
};

_Static_assert(sizeof(struct block) == GRAIN, "a header is one grain");

u32 lab_heap_start, lab_heap_end;

static struct block *free_blocks;
static bool ready;

static inline u32 align_up(u32 value, u32 alignment)
{
	return (value + alignment - 1) & -alignment;
}

static inline u32 mark_of(const struct block *block, u32 state)
{
	return (u32)block ^ state;
}

static void use_range(void)
{
	u32 start = align_up(lab_heap_start, GRAIN), end = lab_heap_end & -GRAIN;

	ready = true;
	if (start && end > start) {
		free_blocks = (struct block *)start;
		*free_blocks = (struct block){ .size = end - start, .mark = mark_of(free_blocks, FREED) };
	}
}

/* alignment is a power of two, at least a grain; the payload starts right after the header. */
static void *allocate(size_t size, u32 alignment, gfp_t flags)
{
	struct block **link;
	u32 needed;

	if (!ready)
		use_range();
	if (size > LARGEST)
		return NULL;
	needed = align_up(size, GRAIN) + sizeof(struct block);
	for (link = &free_blocks; *link; link = &(*link)->next) {
		struct block *found = *link, *block, *next = found->next;
		u32 start = (u32)found, end = start + found->size;
		u32 payload = align_up(start + sizeof(struct block), alignment);

		if (payload < start || payload - sizeof(struct block) > end ||
		    end - (payload - sizeof(struct block)) < needed)
			continue;
		block = (struct block *)(payload - sizeof(struct block));
		if (end - (u32)block > needed) {
			struct block *rest = (struct block *)((u32)block + needed);

			*rest = (struct block){ .size = end - (u32)rest, .mark = mark_of(rest, FREED), .next = next };
			next = rest;
		}
		if (block != found) {
			found->size = (u32)block - start;
			found->next = next;
		} else {
			*link = next;
		}
		*block = (struct block){ .size = needed, .mark = mark_of(block, USED), .payload = size };
		if (flags & ZEROED)
			memset((void *)payload, 0, align_up(size, GRAIN));
		return (void *)payload;
	}
	return NULL;
}

/* Returns the block of a live object; any other pointer ends the run. */
static struct block *block_of(const void *object, const char *caller)
{
	struct block *block = (struct block *)((u32)object - sizeof(struct block));

	if (((u32)object & (GRAIN - 1)) || (u32)block < lab_heap_start || (u32)object > lab_heap_end)
		panic("%s: %p was never allocated", caller, object);
	if (block->mark == mark_of(block, FREED))
		panic("%s: %p is already free", caller, object);
	if (block->mark != mark_of(block, USED))
		panic("%s: %p was never allocated", caller, object);
	return block;
}

static void release(const void *object, const char *caller)
{
	struct block *block = block_of(object, caller), *before = NULL, *after = free_blocks;

	block->mark = mark_of(block, FREED);
	while (after && after < block) {
		before = after;
		after = after->next;
	}
	block->next = after;
	if (after && (u32)block + block->size == (u32)after) {
		block->size += after->size;
		block->next = after->next;
	}
	if (before && (u32)before + before->size == (u32)block) {
		before->size += block->size;
		before->next = block->next;
	} else if (before) {
		before->next = block;
	} else {
		free_blocks = block;
	}
}

/* kmalloc's guarantee: a power of two is aligned to itself (up to a page), other sizes to a cache line. */
static u32 natural_alignment(size_t size)
{
	if (size && (size & (size - 1)) == 0 && size >= 32)
		return size < PAGE_SIZE ? size : PAGE_SIZE;
	return 32;
}

#define ZERO_SIZE ((void *)16) /* what kmalloc(0) returns; kfree takes it */

static inline bool is_nothing(const void *object)
{
	return (u32)object <= (u32)ZERO_SIZE;
}

void *__kmalloc(size_t size, gfp_t flags)
{
	return size ? allocate(size, natural_alignment(size), flags) : ZERO_SIZE;
}
SERVICE(__kmalloc);

void *__kmalloc_node(size_t size, gfp_t flags, int node)
{
	return __kmalloc(size, flags);
}
SERVICE(__kmalloc_node);

void *__kmalloc_node_track_caller(size_t size, gfp_t flags, int node, unsigned long caller)
{
	return __kmalloc(size, flags);
}
SERVICE(__kmalloc_node_track_caller);

void *kmalloc_large(size_t size, gfp_t flags)
{
	return allocate(size, PAGE_SIZE, flags);
}
SERVICE(kmalloc_large);

void *kmalloc_large_node(size_t size, gfp_t flags, int node)
{
	return allocate(size, PAGE_SIZE, flags);
}
SERVICE(kmalloc_large_node);

void kfree(const void *object)
{
	if (!is_nothing(object))
		release(object, "kfree");
}
SERVICE(kfree);

void kfree_const(const void *object)
{
	kfree(object);
}
SERVICE(kfree_const);

size_t ksize(const void *object)
{
	return is_nothing(object) ? 0 : block_of(object, "ksize")->size - sizeof(struct block);
}
SERVICE(ksize);

size_t __ksize(const void *object)
{
	return ksize(object);
}
SERVICE(__ksize);

void kfree_sensitive(const void *object)
{
	if (!is_nothing(object)) {
		memset((void *)object, 0, ksize(object));
		kfree(object);
	}
}
SERVICE(kfree_sensitive);

void *krealloc(const void *object, size_t size, gfp_t flags)
{
	struct block *block;
	void *moved;

	if (!size) {
		kfree(object);
		return ZERO_SIZE;
	}
	if (is_nothing(object))
		return __kmalloc(size, flags);
	block = block_of(object, "krealloc");
	if (size <= block->size - sizeof(struct block)) {
		if (size > block->payload && flags & ZEROED)
			memset((u8 *)object + block->payload, 0, size - block->payload);
		block->payload = size;
		return (void *)object;
	}
	moved = __kmalloc(size, flags);
	if (moved) {
		memcpy(moved, object, block->payload);
		kfree(object);
	}
	return moved;
}
SERVICE(krealloc);

void *kmemdup(const void *from, size_t size, gfp_t flags)
{
	void *copy = __kmalloc(size, flags);

	return copy ? memcpy(copy, from, size) : NULL;
}
SERVICE(kmemdup);

char *kmemdup_nul(const char *from, size_t size, gfp_t flags)
{
	char *copy = from ? __kmalloc(size + 1, flags) : NULL;

	if (copy) {
		memcpy(copy, from, size);
		copy[size] = '\0';
	}
	return copy;
}
SERVICE(kmemdup_nul);

char *kstrndup(const char *from, size_t limit, gfp_t flags)
{
	return from ? kmemdup_nul(from, strnlen(from, limit), flags) : NULL;
}
SERVICE(kstrndup);

char *kstrdup(const char *from, gfp_t flags)
{
	return from ? kmemdup_nul(from, strlen(from), flags) : NULL;
}
SERVICE(kstrdup);

const char *kstrdup_const(const char *from, gfp_t flags)
{
	return kstrdup(from, flags);
}
SERVICE(kstrdup_const);

/* Slab caches: a size, an alignment and a constructor for each object. */
struct kmem_cache {
	u32 size, alignment;
	void (*construct)(void *object);
	const char *name;
	u32 live;
};

#define CACHE(bytes) (&(struct kmem_cache){ .size = (bytes), .alignment = 32, .name = "kmalloc-" #bytes })
#define CACHES                                                                                       \
	{ NULL,       CACHE(96),  CACHE(192),  CACHE(8),    CACHE(16),   CACHE(32),   CACHE(64),     \
	  CACHE(128), CACHE(256), CACHE(512),  CACHE(1024), CACHE(2048), CACHE(4096), CACHE(8192) }

/* [type][index], 14 for each type: modules load a pointer from it and pass it back. */
struct kmem_cache *kmalloc_caches[4][14] = { CACHES, CACHES, CACHES, CACHES };
SERVICE(kmalloc_caches);

void *kmalloc_trace(struct kmem_cache *cache, gfp_t flags, size_t size)
{
	return __kmalloc(size, flags);
}
SERVICE(kmalloc_trace);

void *kmalloc_node_trace(struct kmem_cache *cache, gfp_t flags, int node, size_t size)
{
	return __kmalloc(size, flags);
}
SERVICE(kmalloc_node_trace);

/* The name of kmalloc_trace before 6.1. */
void *kmem_cache_alloc_trace(struct kmem_cache *cache, gfp_t flags, size_t size)
{
	return __kmalloc(size, flags);
}
SERVICE(kmem_cache_alloc_trace);

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int alignment,
				     unsigned int flags, void (*construct)(void *object))
{
	struct kmem_cache *cache = __kmalloc(sizeof(*cache), 0);

	if (cache)
		*cache = (struct kmem_cache){
			.size = size,
			.alignment = alignment > 32 ? alignment : 32,
			.construct = construct,
			.name = name,
		};
	return cache;
}
SERVICE(kmem_cache_create);

struct kmem_cache *kmem_cache_create_usercopy(const char *name, unsigned int size, unsigned int alignment,
					      unsigned int flags, unsigned int offset, unsigned int copied,
					      void (*construct)(void *object))
{
	return kmem_cache_create(name, size, alignment, flags, construct);
}
SERVICE(kmem_cache_create_usercopy);

unsigned int kmem_cache_size(struct kmem_cache *cache)
{
	return cache->size;
}
SERVICE(kmem_cache_size);

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t flags)
{
	void *object = allocate(cache->size, cache->alignment, flags);

	if (object) {
		cache->live++;
		if (cache->construct)
			cache->construct(object);
	}
	return object;
}
SERVICE(kmem_cache_alloc);

void *kmem_cache_alloc_node(struct kmem_cache *cache, gfp_t flags, int node)
{
	return kmem_cache_alloc(cache, flags);
}
SERVICE(kmem_cache_alloc_node);

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	if (!object)
		return;
	release(object, "kmem_cache_free");
	cache->live--;
}
SERVICE(kmem_cache_free);

int kmem_cache_shrink(struct kmem_cache *cache)
{
	return 0;
}
SERVICE(kmem_cache_shrink);

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (!cache)
		return;
	if (cache->live)
		_printk("kmem_cache_destroy %s: Slab cache still has objects\n", cache->name);
	kfree(cache);
}
SERVICE(kmem_cache_destroy);

void *vmalloc(unsigned long size)
{
	return size ? allocate(size, PAGE_SIZE, 0) : NULL;
}
SERVICE(vmalloc);

void *vzalloc(unsigned long size)
{
	return size ? allocate(size, PAGE_SIZE, ZEROED) : NULL;
}
SERVICE(vzalloc);

void *__vmalloc(unsigned long size, gfp_t flags)
{
	return size ? allocate(size, PAGE_SIZE, flags) : NULL;
}
SERVICE(__vmalloc);

void vfree(const void *object)
{
	if (object)
		release(object, "vfree");
}
SERVICE(vfree);

void *kvmalloc_node(size_t size, gfp_t flags, int node)
{
	return __kmalloc(size, flags);
}
SERVICE(kvmalloc_node);

void kvfree(const void *object)
{
	if (!is_nothing(object))
		release(object, "kvfree");
}
SERVICE(kvfree);

bool is_vmalloc_addr(const void *object)
{
	return false; /* the heap is unmapped memory */
}
SERVICE(is_vmalloc_addr);

unsigned long __get_free_pages(gfp_t flags, unsigned int order)
{
	return order < 11 ? (unsigned long)allocate(PAGE_SIZE << order, PAGE_SIZE, flags) : 0;
}
SERVICE(__get_free_pages);

unsigned long get_zeroed_page(gfp_t flags)
{
	return __get_free_pages(flags | ZEROED, 0);
}
SERVICE(get_zeroed_page);

void free_pages(unsigned long address, unsigned int order)
{
	if (address)
		release((void *)address, "free_pages");
}
SERVICE(free_pages);
