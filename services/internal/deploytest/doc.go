// Package deploytest holds the tests of what is deployed rather than compiled:
// docker-compose.yml and the files it uses. It has no code of its own.
//
// The files lie outside this module, where Go's test cache does not look. Run
// it with -count=1, as make test does.
package deploytest
