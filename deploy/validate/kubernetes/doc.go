// Package kubernetes holds the tests of deploy/kubernetes: the manifests are built
// by kustomize and judged by the schemas of Kubernetes and KEDA, without a cluster.
// It is a module of its own, outside the workspace, so that none of these large
// validators becomes a dependency of what ships. `make deploy-check` runs it.
//
// crds/ holds the schemas of KEDA 2.21.0 (https://github.com/kedacore/keda,
// config/crd/bases), unchanged, under the Apache License 2.0.
package kubernetes
