// Package bustest connects tests to a bus. It is apart from package testbed
// so that the bus's own tests can use that.
package bustest
