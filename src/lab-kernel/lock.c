/*
 * Locks for one processor and one thread. A lock is taken and released as in the kernel. Taking a lock that is
 * already held could never succeed here, so it ends the run with a panic that names the lock: it is a deadlock on
 * real hardware too. Interrupts and bottom halves don't exist, so their variants are the plain functions.
 */
#include "lab.h"

/* qspinlock's word: 1 is held; unlocking inlined in modules stores 0 to its low-order byte. */
static void take(volatile u32 *lock, const char *caller)
{
	if (*lock)
		panic("%s: deadlock, the lock at %p is held", caller, lock);
	*lock = 1;
}

#define SPIN_LOCK(name)             \
	void name(u32 *lock)        \
	{                           \
		take(lock, #name);  \
	}                           \
	SERVICE(name)

#define SPIN_UNLOCK(name)           \
	void name(u32 *lock)        \
	{                           \
		*lock = 0;          \
	}                           \
	SERVICE(name)

SPIN_LOCK(_raw_spin_lock);
SPIN_LOCK(_raw_spin_lock_irq);
SPIN_LOCK(_raw_spin_lock_bh);
SPIN_UNLOCK(_raw_spin_unlock);
SPIN_UNLOCK(_raw_spin_unlock_irq);
SPIN_UNLOCK(_raw_spin_unlock_bh);

unsigned long _raw_spin_lock_irqsave(u32 *lock)
{
	take(lock, "_raw_spin_lock_irqsave");
	return 0;
}
SERVICE(_raw_spin_lock_irqsave);

void _raw_spin_unlock_irqrestore(u32 *lock, unsigned long flags)
{
	*lock = 0;
}
SERVICE(_raw_spin_unlock_irqrestore);

int _raw_spin_trylock(u32 *lock)
{
	if (*lock)
		return 0;
	*lock = 1;
	return 1;
}
SERVICE(_raw_spin_trylock);

/* struct mutex begins with its owner, 0 when free, and its wait_lock. */
struct mutex {
	u32 owner, wait_lock;
};

void __mutex_init(struct mutex *mutex, const char *name, void *key)
{
	mutex->owner = 0;
	mutex->wait_lock = 0;
}
SERVICE(__mutex_init);

void mutex_lock(struct mutex *mutex)
{
	take(&mutex->owner, "mutex_lock");
}
SERVICE(mutex_lock);

int mutex_lock_interruptible(struct mutex *mutex)
{
	take(&mutex->owner, "mutex_lock_interruptible");
	return 0;
}
SERVICE(mutex_lock_interruptible);

int mutex_lock_killable(struct mutex *mutex)
{
	take(&mutex->owner, "mutex_lock_killable");
	return 0;
}
SERVICE(mutex_lock_killable);

int mutex_trylock(struct mutex *mutex)
{
	return _raw_spin_trylock(&mutex->owner);
}
SERVICE(mutex_trylock);

bool mutex_is_locked(struct mutex *mutex)
{
	return mutex->owner != 0;
}
SERVICE(mutex_is_locked);

void mutex_unlock(struct mutex *mutex)
{
	mutex->owner = 0;
}
SERVICE(mutex_unlock);

/* struct rw_semaphore begins with its count: 1 is a writer, each reader adds 0x100. */
#define WRITER 1
#define READER 0x100

void __init_rwsem(u32 *count, const char *name, void *key)
{
	*count = 0;
}
SERVICE(__init_rwsem);

void down_read(u32 *count)
{
	if (*count & WRITER)
		panic("down_read: deadlock, the semaphore at %p is held for writing", count);
	*count += READER;
}
SERVICE(down_read);

void up_read(u32 *count)
{
	*count -= READER;
}
SERVICE(up_read);

void down_write(u32 *count)
{
	take(count, "down_write");
}
SERVICE(down_write);

void up_write(u32 *count)
{
	*count &= ~(u32)WRITER;
}
SERVICE(up_write);

/* struct completion begins with its count. No other thread runs, so an incomplete one never completes. */
void __init_swait_queue_head(void *queue, const char *name, void *key)
{
	struct {
		u32 lock;
		void *next, *previous;
	} *head = queue;

	head->lock = 0;
	head->next = head->previous = &head->next;
}
SERVICE(__init_swait_queue_head);

void complete(u32 *done)
{
	if (*done != ~0u)
		++*done;
}
SERVICE(complete);

void complete_all(u32 *done)
{
	*done = ~0u;
}
SERVICE(complete_all);

void wait_for_completion(u32 *done)
{
	if (!*done)
		panic("wait_for_completion: nothing is left that could complete %p", done);
	if (*done != ~0u)
		--*done;
}
SERVICE(wait_for_completion);

/* Voluntary preemption: there is no other task to run. */
int __cond_resched(void)
{
	return 0;
}
SERVICE(__cond_resched);

void __local_bh_enable_ip(unsigned long ip, unsigned int count)
{
}
SERVICE(__local_bh_enable_ip);
