// Package docstest holds what README.md and docs/ say against the code: links,
// make targets, settings, verbs, routes, metrics, streams, the worked examples
// of deliveries and filters, and the tests that hold each line of what other
// systems ask. It has no code of its own.
package docstest
