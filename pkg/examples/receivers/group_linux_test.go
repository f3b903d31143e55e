package receivers

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

const inChild = "RECEIVERS_TEST_CHILD"

// A process that is killed takes its receiver with it.
func TestEndsWithParent(t *testing.T) {
	t.Parallel()
	skipWithoutNode(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestParent$")
	child.Env = append(os.Environ(), inChild+"=1", "TMPDIR="+t.TempDir())
	child.SysProcAttr = childAttr()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Errorf("read the address: %v", err)
	}
	if err := child.Process.Kill(); err != nil { // the parent alone, not its group
		t.Error(err)
	}
	_ = child.Wait() // it was killed
	gone(t, address[:max(0, len(address)-1)])
}

// TestParent is that process.
func TestParent(t *testing.T) {
	if os.Getenv(inChild) == "" {
		t.Skip("is run by TestEndsWithParent")
	}
	r, err := Start(t.Context(), Neiracore, secret)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(r.URL)
	<-r.ended
}
