// Package testbed is what the tests of several packages stand on: servers
// inside the process, a log that can be read, and waiting with an end. Only
// tests import it; services/internal/lawtest holds that.
//
// It does not know the bus or the stores, so that their own tests can use it
// too. Tests above the bus get one from package bustest.
package testbed
