// Package postgrestest gives tests a real PostgreSQL. It is apart from package
// testbed so that only tests that need it carry its client.
package postgrestest
