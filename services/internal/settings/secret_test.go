package settings

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const password = "hunter2-0b5c"

// prints shows a value in every way that a program may.
func prints(t *testing.T, value any) string {
	t.Helper()
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%t", "%10s"} {
		fmt.Fprintf(&b, verb+"\n", value)
		fmt.Fprintf(&b, verb+"\n", struct{ V any }{value})
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("text", "v", value)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "v", value, "in", struct{ V any }{value})
	encoded, err := json.Marshal(map[string]any{"v": value})
	if err != nil {
		t.Fatal(err)
	}
	b.Write(encoded)
	return b.String()
}

func TestSecretsHideThemselves(t *testing.T) {
	t.Parallel()
	for _, value := range []any{Secret(password), SecretURL("redis://u:" + password + "@h:1"), SecretURL("nats://" + password + "@h")} {
		got := prints(t, value)
		if strings.Contains(got, password) || strings.Contains(got, fmt.Sprintf("%x", password)) || !strings.Contains(got, hidden) {
			t.Errorf("%T:\n%s", value, got)
		}
	}
	if Secret(password).Reveal() != password || !Secret("x").Set() || Secret("").Set() {
		t.Error("Reveal and Set")
	}
}

func TestSecretURLString(t *testing.T) {
	t.Parallel()
	for url, want := range map[SecretURL]string{
		"":                                   "",
		"redis://localhost:6379":             "redis://localhost:6379",
		"redis://:pw@h:6379/1":               "redis://:[secret]@h:6379/1",
		"redis://u:p@w/d@h":                  "redis://u:[secret]@h",
		"nats://u:pw@a:1,nats://v:pw2@b:2":   "nats://u:[secret]@a:1,nats://v:[secret]@b:2",
		"nats://u:pw@a:1,b:2":                "nats://u:[secret]@a:1,b:2",
		"nats://u:p,w@a:1":                   "nats://u:[secret]@a:1",
		"nats://token@a":                     "nats://[secret]@a",
		"postgres://h/d?a=1&sslpassword=x&b": "postgres://h/d?a=1&sslpassword=[secret]&b",
		"host=h password=pw":                 "[secret]",
		"redis://:pw\n@h":                    "[secret]",
		"redis://h:port":                     "[secret]",
		"localhost:4222":                     "localhost:4222",
	} {
		if got := url.String(); got != want {
			t.Errorf("%q prints %s, want %s", string(url), got, want)
		}
	}
}

// TestSecretsNeverShown searches every output of every way to say a secret.
func TestSecretsNeverShown(t *testing.T) {
	t.Parallel()
	badURL := "redis://u:" + password + "@h:port"
	goodURL := "redis://u:" + password + "@h:1"
	leak := errors.New("dial " + goodURL + ": refused; key " + password)
	secretFile := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secretFile, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--api-key=" + password, "--workers=0"},
		{"--api-key", password},
		{"--api-key-file=" + secretFile, "--queue=-1"},
		{"--api-key=" + password, "--api-key-file=" + secretFile},
		{"--pepper=" + password, "--no-such"},
		{"--pepper=" + password, "--help"},
		{"--pepper", "x", password},
		{"--api-kez=" + password},
		{"--api-key", "--" + password},
		{"--pepper", "-" + password},
		{"--redis-url=" + badURL},
		{"--redis-url=" + goodURL},
	} {
		assertHidden(t, runWith(t, leak, nil, append([]string{"ingest"}, args...)...))
	}
	for _, env := range []string{
		"REDIS_URL=" + badURL, "REDIS_URL=" + goodURL, "API_KEY=" + password, "API_KEZ=" + password,
		"PEPPER=" + password, "PEPPER_FILE=" + secretFile,
	} {
		assertHidden(t, runWith(t, leak, []string{EnvPrefix + env}, "ingest"))
	}
	for _, text := range []string{
		"api-key: [" + password + "]\n", "api-key: {a: " + password + "}\n", "api-kez: " + password + "\n",
		"redis-url: " + badURL + "\n", "pepper: " + password + "\n", "pepper: " + password + ": x\n",
		"pepper: \"" + password + "\n", "pepper: '" + password + "\n", "pepper: [" + password + "\n", "pepper: &" + password + "\n",
		"pepper: *" + password + "\n", "pepper: !!" + password + "\n", "pepper: @" + password + "\n", "pepper: %" + password + "\n",
		"pepper: |\n " + password + "\n- x\n", "pepper: \"\\z" + password + "\"\n", "pepper: a\n" + password + "\n",
		"pepper: " + password + "\npepper: " + password + "\n", password + "\n",
	} {
		assertHidden(t, runWith(t, leak, nil, "ingest", "--config="+writeFile(t, text)))
	}
}

func assertHidden(t *testing.T, r result) {
	t.Helper()
	if strings.Contains(r.stdout+r.stderr, password) && r.ingest == nil || strings.Count(r.stderr, "\n") > 1 {
		t.Errorf("stopped with %s", r.stderr)
	}
	// A run's error holds what the run put there; only the secrets of its own
	// settings are taken out.
	if r.ingest != nil {
		config := string(r.ingest.APIKey) + r.ingest.Pepper + string(r.ingest.RedisURL)
		if strings.Contains(config, password) && strings.Contains(r.stderr, password) {
			t.Errorf("ran with %s", r.stderr)
		}
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	path := writeFile(t, password+"\r\n")
	for _, r := range []result{
		runWith(t, nil, nil, "ingest", "--api-key-file", path, "--pepper-file", path),
		runWith(t, nil, []string{"POSTHASTE_API_KEY_FILE=" + path, "POSTHASTE_PEPPER_FILE=" + path}, "ingest"),
		runWith(t, nil, nil, "ingest", "--config", writeFile(t, "api-key-file: "+path+"\npepper-file: "+path+"\n")),
	} {
		if r.code != 0 || r.ingest.APIKey != password || r.ingest.Pepper != password {
			t.Errorf("%+v", r)
		}
	}
	empty := writeFile(t, "\n")
	r := runWith(t, nil, nil, "ingest", "--api-key-file", empty)
	if r.code != 2 || r.stderr != "posthaste: flag --api-key-file: file "+quoted(empty)+" is empty, expected a secret\n" {
		t.Error(r.stderr)
	}
	r = runWith(t, nil, []string{"POSTHASTE_REDIS_URL_FILE=" + writeFile(t, "redis://:x@h:port")}, "ingest")
	if r.stderr != "posthaste: environment POSTHASTE_REDIS_URL_FILE: [secret] is wrong, expected a URL such as redis://user:password@host:6379\n" {
		t.Error(r.stderr)
	}
}
