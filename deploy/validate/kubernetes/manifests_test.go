package kubernetes

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/openapi"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	"sigs.k8s.io/kubectl-validate/pkg/validator"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// layers are the directories that can be applied.
var layers = []string{"base", "overlays/keda", "overlays/hpa"}

// build is `kustomize build`.
func build(t *testing.T, layer string) resmap.ResMap {
	t.Helper()
	dir := filepath.Join(root, "deploy/kubernetes", layer)
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatalf("build %s: %v", layer, err)
	}
	return resources
}

// pick decodes all resources of a kind, by their names. A field that the type
// does not have is an error.
func pick[T any](t *testing.T, resources resmap.ResMap, kind string) map[string]*T {
	t.Helper()
	return decode[T](t, resources, kind, yaml.UnmarshalStrict)
}

// loose is pick for a type that has only some of the fields.
func loose[T any](t *testing.T, resources resmap.ResMap, kind string) map[string]*T {
	t.Helper()
	return decode[T](t, resources, kind, yaml.Unmarshal)
}

func decode[T any](t *testing.T, resources resmap.ResMap, kind string, unmarshal func([]byte, any, ...yaml.JSONOpt) error) map[string]*T {
	t.Helper()
	all := make(map[string]*T)
	for _, r := range resources.Resources() {
		if r.GetKind() != kind {
			continue
		}
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		one := new(T)
		if err := unmarshal(text, one); err != nil {
			t.Errorf("%s %s: %v", kind, r.GetName(), err)
		}
		all[r.GetName()] = one
	}
	return all
}

// offline asks no cluster and no server for schemas.
func offline(t *testing.T) *validator.Validator {
	t.Helper()
	const version = "1.30" // the newest that the validator has with it
	v, err := validator.New(openapiclient.NewOverlay(
		openapiclient.HardcodedPatchLoader(version),
		openapiclient.NewComposite([]openapi.Client{
			openapiclient.NewLocalCRDFiles(os.DirFS("crds")),
			openapiclient.NewHardcodedBuiltins(version),
		}...),
	))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestManifestsFitTheirSchemas has each resource judged as the API server would.
func TestManifestsFitTheirSchemas(t *testing.T) {
	t.Parallel()
	v := offline(t)
	for _, layer := range layers {
		for _, r := range build(t, layer).Resources() {
			text, err := r.AsYAML()
			if err != nil {
				t.Fatal(err)
			}
			_, object, err := v.Parse(text)
			if err == nil {
				err = v.Validate(object)
			}
			if err != nil {
				t.Errorf("%s: %s %s: %v", layer, r.GetKind(), r.GetName(), err)
			}
		}
	}
}

// The validator must refuse what is wrong, or the test above says nothing.
func TestValidatorRefuses(t *testing.T) {
	t.Parallel()
	v := offline(t)
	for name, text := range map[string]string{
		"a misspelt field":        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: x}\nspec: {maxUnavailabel: 1}\n",
		"a field of another type": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: two}\n",
		"KEDA without a target":   "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: x}\nspec: {triggers: []}\n",
		"KEDA with another field": "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: x}\nspec: {scaleTargetRef: {name: x}, maxReplicas: 3, triggers: []}\n",
		"a kind that is not":      "apiVersion: keda.sh/v1alpha1\nkind: ScaleObject\nmetadata: {name: x}\n",
	} {
		_, object, err := v.Parse([]byte(text))
		if err == nil {
			err = v.Validate(object)
		}
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// services are the four Deployments, with the container of each.
func services(t *testing.T, resources resmap.ResMap) map[string]*appsv1.Deployment {
	t.Helper()
	all := pick[appsv1.Deployment](t, resources, "Deployment")
	for _, command := range commands {
		d := all[command]
		if d == nil || len(d.Spec.Template.Spec.Containers) != 1 {
			t.Fatalf("no Deployment %s with one container", command)
		}
		if args := container(d).Args; !slices.Equal(args, []string{command}) {
			t.Errorf("%s runs %q", command, args)
		}
	}
	if len(all) != len(commands) {
		t.Errorf("%d Deployments, want %d", len(all), len(commands))
	}
	return all
}

func container(d *appsv1.Deployment) *corev1.Container { return &d.Spec.Template.Spec.Containers[0] }
