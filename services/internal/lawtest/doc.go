// Package lawtest holds the laws of the repository that a compiler does not:
// who may import whom, and which words a file must not contain. It has no code
// of its own.
//
// The files are parsed by the test itself. A test that asks `go list` is
// served from the test cache, since the cache cannot see what that reads. It
// does not look outside this module either, so run these with -count=1, as
// make test does.
package lawtest
