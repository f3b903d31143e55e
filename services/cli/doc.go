// Package cli holds the verbs of the command posthaste: what a person, or a
// script, does with a server that runs. A verb reads its settings, makes calls
// by way of pkg/client and prints a table, or with --json one JSON value a line.
//
// webhook test and explain-url need no server: the one signs and POSTs from this
// machine, the other asks the guard in this process.
package cli
