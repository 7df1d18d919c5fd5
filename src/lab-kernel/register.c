/*
 * The registration functions that modules call when they are loaded: a module that holds an algorithm or a table, and
 * no driver, registers it there. The lab accepts a registration and ignores it; a user calls the module's functions
 * by name.
 */
#include "lab.h"

#define ACCEPT(name)             \
	int name(void *what)     \
	{                        \
		return 0;        \
	}                        \
	SERVICE(name)

#define FORGET(name)             \
	void name(void *what)    \
	{                        \
	}                        \
	SERVICE(name)

ACCEPT(crypto_register_alg);
FORGET(crypto_unregister_alg);
ACCEPT(crypto_register_algs);
FORGET(crypto_unregister_algs);
ACCEPT(crypto_register_shash);
FORGET(crypto_unregister_shash);
ACCEPT(crypto_register_shashes);
FORGET(crypto_unregister_shashes);
ACCEPT(crypto_register_skcipher);
FORGET(crypto_unregister_skcipher);
ACCEPT(crypto_register_skciphers);
FORGET(crypto_unregister_skciphers);
ACCEPT(crypto_register_aead);
FORGET(crypto_unregister_aead);
ACCEPT(crypto_register_rng);
FORGET(crypto_unregister_rng);
ACCEPT(crypto_register_rngs);
FORGET(crypto_unregister_rngs);
ACCEPT(crypto_register_scomp);
FORGET(crypto_unregister_scomp);
ACCEPT(crypto_register_template);
FORGET(crypto_unregister_template);
ACCEPT(crypto_register_kpp);
FORGET(crypto_unregister_kpp);
ACCEPT(crypto_register_akcipher);
FORGET(crypto_unregister_akcipher);
ACCEPT(textsearch_register);
ACCEPT(textsearch_unregister);
ACCEPT(unregister_nls);
ACCEPT(rc_map_register);
FORGET(rc_map_unregister);

int __register_nls(void *table, void *owner)
{
	return 0;
}
SERVICE(__register_nls);
