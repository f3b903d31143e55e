package template

import "testing"

func TestTraceParents(t *testing.T) {
	t.Parallel()
	const id = "0af7651916cd43dd8448eb211c80319c"
	for parent, want := range map[string]string{
		"00-" + id + "-b7ad6b7169203331-01":                       id,
		"cc-" + id + "-b7ad6b7169203331-01-x":                     id,
		"00-" + id + "-b7ad6b7169203331-01-x":                     "",
		"ff-" + id + "-b7ad6b7169203331-01":                       "",
		"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01": "",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01": "",
		"00-" + id + "-b7ad6b7169203331":                          "",
		"00_" + id + "-b7ad6b7169203331-01":                       "",
		"":                                                        "",
	} {
		if got := traceIDOf(parent); got != want {
			t.Errorf("%q: %q, want %q", parent, got, want)
		}
	}
}
