// Package version holds the version of this build.
package version

// Version is set at link time by the Makefile and the Dockerfile.
var Version = "0.1.0-dev"

// UserAgent is what every POST says of its sender.
func UserAgent() string { return "Posthaste/" + Version }
