// Package sealedtest gives tests encryption keys. It is apart from package
// testbed so that package sealed's own tests can use that.
package sealedtest
