// The functions that memories.c exports, for itself and for the modules that import them.

int memories_weigh(int value);
int memories_halves(int value);
int memories_count(void);
