// Package settings turns one struct with kong tags into the flags, environment
// variables, file keys and help of a command.
//
// A setting has one name and three places to say it:
//
//	flag         --max-event-bytes=1MiB
//	environment  POSTHASTE_MAX_EVENT_BYTES=1MiB
//	file         max-event-bytes: 1MiB      (YAML, named by --config)
//
// A flag beats the environment, the environment beats the file, the file beats
// the default. A wrong value stops the start wherever it is said, even where a
// stronger place overrides it.
//
// Fields use these tags: name, help, default, group, enum, required, short,
// aliases, hidden, negatable, sep, embed, prefix, arg and optional as kong
// defines them, unit for what the value counts, and secret for a value that is
// never shown. Tags that choose another environment name or another parser
// (env, envprefix, type) and those that tie settings together (xor, and,
// lastwins) are refused: the first would break the rule that the three places
// say the same, the second belongs into Validate.
//
// A secret setting x can also be read from a file, with --x-file,
// POSTHASTE_X_FILE or the file key x-file.
package settings
