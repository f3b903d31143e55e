package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/posthaste/posthaste/services/internal/version"
)

type versionConfig struct{}

func runVersion(context.Context, versionConfig) error {
	_, err := fmt.Fprintf(os.Stdout, "posthaste %s %s %s/%s\n", version.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
