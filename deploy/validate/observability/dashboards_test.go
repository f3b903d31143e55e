package observability

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// dashboard is what is looked at of Grafana's.
type dashboard struct {
	UID    string
	Title  string
	Panels []struct {
		ID      int
		Title   string
		GridPos struct{ X, Y, W, H int }
		Targets []struct {
			Expr       string
			RefID      string
			Datasource struct{ UID string }
		}
	}
}

func TestDashboards(t *testing.T) {
	t.Parallel()
	known := metrics(t)
	files, err := filepath.Glob(filepath.Join(root, "deploy/observability/dashboards/*.json"))
	if err != nil || len(files) != 3 {
		t.Fatalf("dashboards are %q, %v; want three", files, err)
	}
	uids := make(map[string]string)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var d dashboard
		if err := json.Unmarshal(text, &d); err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if d.UID == "" || d.Title == "" || uids[d.UID] != "" {
			t.Errorf("%s: uid %q (also of %q), title %q", file, d.UID, uids[d.UID], d.Title)
		}
		uids[d.UID] = file
		d.check(t, known, filepath.Base(file))
	}
}

func (d *dashboard) check(t *testing.T, known map[string][]string, file string) {
	t.Helper()
	ids := make(map[int]bool)
	for _, p := range d.Panels {
		where := file + ": " + p.Title
		if ids[p.ID] || p.Title == "" || len(p.Targets) == 0 || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s: id %d, %d queries, at %+v", where, p.ID, len(p.Targets), p.GridPos)
		}
		ids[p.ID] = true
		for _, q := range p.Targets {
			checkQuery(t, known, where, q.Expr)
			if !bytes.Contains(read(t, "deploy/observability/grafana/datasources.yaml"), []byte("uid: "+q.Datasource.UID+",")) {
				t.Errorf("%s: there is no data source %q", where, q.Datasource.UID)
			}
		}
	}
}
