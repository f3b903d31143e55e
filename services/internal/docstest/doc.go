// Package docstest holds what README.md and docs/ say against the code: links,
// make targets, settings, metrics, and the worked example of a delivery. It
// has no code of its own.
package docstest
