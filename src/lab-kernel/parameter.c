/*
 * Module parameters: converts the text after a parameter's name to a value, and back. Each type is a table of
 * functions; the module's __param records hold the table's address.
 */
#include "lab.h"

struct kernel_param;

struct kernel_param_ops {
	u32 flags;
	int (*set)(const char *text, const struct kernel_param *parameter);
	int (*get)(char *page, const struct kernel_param *parameter);
	void (*free)(void *value);
};

#define WITHOUT_VALUE 1 /* flags: the name may be given without a value */

struct kparam_string {
	u32 size;
	char *text;
};

struct kparam_array {
	u32 maximum, element_size;
	u32 *count;
	const struct kernel_param_ops *ops;
	void *elements;
};

/* One __param record. */
struct kernel_param {
	const char *name;
	void *module;
	const struct kernel_param_ops *ops;
	u16 permissions;
	s8 level;
	u8 flags;
	union {
		void *value;
		const struct kparam_string *string;
		const struct kparam_array *array;
	};
};

_Static_assert(sizeof(struct kernel_param) == 20, "a __param record is 20 bytes");

#define PARAMETER(type, ctype, convert, format)                                              \
	int param_set_##type(const char *text, const struct kernel_param *parameter)         \
	{                                                                                    \
		return convert(text, 0, parameter->value);                                   \
	}                                                                                    \
	EXPORT(param_set_##type);                                                            \
	int param_get_##type(char *page, const struct kernel_param *parameter)               \
	{                                                                                    \
		return scnprintf(page, PAGE_SIZE, format, *(ctype *)parameter->value);       \
	}                                                                                    \
	EXPORT(param_get_##type);                                                            \
	const struct kernel_param_ops param_ops_##type = {                                   \
		.set = param_set_##type,                                                     \
		.get = param_get_##type,                                                     \
	};                                                                                   \
	EXPORT(param_ops_##type)

int kstrtou8(const char *text, unsigned int base, u8 *result);
int kstrtos16(const char *text, unsigned int base, s16 *result);
int kstrtou16(const char *text, unsigned int base, u16 *result);
int kstrtoint(const char *text, unsigned int base, int *result);
int kstrtouint(const char *text, unsigned int base, unsigned int *result);
int _kstrtol(const char *text, unsigned int base, long *result);
int _kstrtoul(const char *text, unsigned int base, unsigned long *result);

PARAMETER(byte, u8, kstrtou8, "%hhu\n");
PARAMETER(short, s16, kstrtos16, "%hi\n");
PARAMETER(ushort, u16, kstrtou16, "%hu\n");
PARAMETER(int, int, kstrtoint, "%i\n");
PARAMETER(uint, unsigned int, kstrtouint, "%u\n");
PARAMETER(long, long, _kstrtol, "%li\n");
PARAMETER(ulong, unsigned long, _kstrtoul, "%lu\n");
PARAMETER(ullong, u64, kstrtoull, "%llu\n");
PARAMETER(hexint, unsigned int, kstrtouint, "%#08x\n");

/* The name without a value means yes. */
int param_set_bool(const char *text, const struct kernel_param *parameter)
{
	return kstrtobool(text ? text : "1", parameter->value);
}
EXPORT(param_set_bool);

int param_get_bool(char *page, const struct kernel_param *parameter)
{
	return scnprintf(page, PAGE_SIZE, "%c\n", *(bool *)parameter->value ? 'Y' : 'N');
}
EXPORT(param_get_bool);

const struct kernel_param_ops param_ops_bool = {
	.flags = WITHOUT_VALUE,
	.set = param_set_bool,
	.get = param_get_bool,
};
EXPORT(param_ops_bool);

int param_set_invbool(const char *text, const struct kernel_param *parameter)
{
	bool value;
	int error = kstrtobool(text, &value);

	if (!error)
		*(bool *)parameter->value = !value;
	return error;
}
EXPORT(param_set_invbool);

int param_get_invbool(char *page, const struct kernel_param *parameter)
{
	return scnprintf(page, PAGE_SIZE, "%c\n", *(bool *)parameter->value ? 'N' : 'Y');
}
EXPORT(param_get_invbool);

const struct kernel_param_ops param_ops_invbool = {
	.set = param_set_invbool,
	.get = param_get_invbool,
};
EXPORT(param_ops_invbool);

/* The value points into the module's arguments, which stay in memory after loading. */
int param_set_charp(const char *text, const struct kernel_param *parameter)
{
	if (strnlen(text, 1025) > 1024) {
		_printk("%s: string parameter too long\n", parameter->name);
		return -ENOSPC;
	}
	*(const char **)parameter->value = text;
	return 0;
}
EXPORT(param_set_charp);

int param_get_charp(char *page, const struct kernel_param *parameter)
{
	return scnprintf(page, PAGE_SIZE, "%s\n", *(char **)parameter->value);
}
EXPORT(param_get_charp);

const struct kernel_param_ops param_ops_charp = {
	.set = param_set_charp,
	.get = param_get_charp,
};
EXPORT(param_ops_charp);

int param_set_copystring(const char *text, const struct kernel_param *parameter)
{
	const struct kparam_string *string = parameter->string;

	if (strnlen(text, string->size) == string->size) {
		_printk("%s: string doesn't fit in %u chars.\n", parameter->name, string->size - 1);
		return -ENOSPC;
	}
	strscpy(string->text, text, string->size);
	return 0;
}
EXPORT(param_set_copystring);

int param_get_string(char *page, const struct kernel_param *parameter)
{
	return scnprintf(page, PAGE_SIZE, "%s\n", parameter->string->text);
}
EXPORT(param_get_string);

const struct kernel_param_ops param_ops_string = {
	.set = param_set_copystring,
	.get = param_get_string,
};
EXPORT(param_ops_string);

/* Comma-separated values. Each value is terminated in place, and the text stays modified. */
static int param_set_array(const char *text, const struct kernel_param *parameter)
{
	const struct kparam_array *array = parameter->array;
	struct kernel_param element = *parameter;
	char *rest = (char *)text;
	u32 count = 0;

	element.value = array->elements;
	if (array->count)
		*array->count = 0;
	for (;;) {
		char *end = rest, separator;
		int error;

		if (count == array->maximum) {
			_printk("%s: can only take %i arguments\n", parameter->name, array->maximum);
			return -EINVAL;
		}
		while (*end && *end != ',')
			end++;
		separator = *end;
		*end = '\0';
		error = array->ops->set(rest, &element);
		if (error)
			return error;
		count++;
		if (array->count)
			*array->count = count;
		if (!separator)
			return 0;
		element.value = (u8 *)element.value + array->element_size;
		rest = end + 1;
	}
}

static int param_get_array(char *page, const struct kernel_param *parameter)
{
	const struct kparam_array *array = parameter->array;
	struct kernel_param element = *parameter;
	u32 index, count = array->count ? *array->count : array->maximum;
	int length = 0;

	for (index = 0; index < count; index++) {
		int written;

		if (index)
			page[length - 1] = ',';
		element.value = (u8 *)array->elements + index * array->element_size;
		written = array->ops->get(page + length, &element);
		if (written < 0)
			return written;
		length += written;
	}
	page[length] = '\0';
	return length;
}

const struct kernel_param_ops param_array_ops = {
	.set = param_set_array,
	.get = param_get_array,
};
EXPORT(param_array_ops);
