package filter

import (
	"strings"
	"testing"
)

// instance is the event of EventBridge's documentation.
const instance = `{"version":"0","id":"ddddd4-aaaa-7777-4444-345dd43cc333","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2",
"time":"2017-10-02T16:24:49Z","region":"us-east-1","resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-000000aaaaaa00000"],
"detail":{"c-count":5,"d-count":3,"x-limit":301.8,"source-ip":"10.0.0.33","instance-id":"i-000000aaaaaa00000","state":"running","empty":"","none":null,"on":true}}`

// Each operator, after the examples of EventBridge's documentation. Patterns
// without {"detail"} around them are about detail.
func TestMatchExamples(t *testing.T) {
	t.Parallel()
	d := NewData([]byte(instance)) // shared, as the router shares it
	for pattern, want := range map[string]bool{
		`{"state":["running"]}`:                                                                   true,
		`{"state":["initializing","running"]}`:                                                    true,
		`{"state":["stopped"]}`:                                                                   false,
		`{"state":["Running"]}`:                                                                   false,
		`{"state":["running"],"c-count":[5]}`:                                                     true,
		`{"state":["running"],"c-count":[6]}`:                                                     false,
		`{"empty":[""]}`:                                                                          true,
		`{"state":[""]}`:                                                                          false,
		`{"none":[null]}`:                                                                         true,
		`{"empty":[null]}`:                                                                        false,
		`{"missing":[null]}`:                                                                      false,
		`{"on":[true]}`:                                                                           true,
		`{"on":[false]}`:                                                                          false,
		`{"on":["true"]}`:                                                                         false,
		`{"c-count":["5"]}`:                                                                       false,
		`{"state":[{"prefix":"run"}]}`:                                                            true,
		`{"state":[{"prefix":"Run"}]}`:                                                            false,
		`{"state":[{"prefix":{"equals-ignore-case":"RU"}}]}`:                                      true,
		`{"state":[{"prefix":{"equals-ignore-case":"UN"}}]}`:                                      false,
		`{"c-count":[{"prefix":""}]}`:                                                             false,
		`{"state":[{"prefix":""}]}`:                                                               true,
		`{"state":[{"suffix":"ing"}]}`:                                                            true,
		`{"state":[{"suffix":"run"}]}`:                                                            false,
		`{"state":[{"suffix":{"equals-ignore-case":"NinG"}}]}`:                                    true,
		`{"state":[{"suffix":{"equals-ignore-case":"nin"}}]}`:                                     false,
		`{"state":[{"equals-ignore-case":"RUNNING"}]}`:                                            true,
		`{"state":[{"equals-ignore-case":"RUN"}]}`:                                                false,
		`{"state":[{"anything-but":"initializing"}]}`:                                             true,
		`{"state":[{"anything-but":"running"}]}`:                                                  false,
		`{"state":[{"anything-but":["stopped","overloaded"]}]}`:                                   true,
		`{"state":[{"anything-but":["stopped","running"]}]}`:                                      false,
		`{"missing":[{"anything-but":"x"}]}`:                                                      false,
		`{"none":[{"anything-but":"x"}]}`:                                                         true,
		`{"x-limit":[{"anything-but":[100,200,300]}]}`:                                            true,
		`{"x-limit":[{"anything-but":[100,301.80]}]}`:                                             false,
		`{"x-limit":[{"anything-but":"301.8"}]}`:                                                  true,
		`{"state":[{"anything-but":{"prefix":"init"}}]}`:                                          true,
		`{"state":[{"anything-but":{"prefix":"run"}}]}`:                                           false,
		`{"state":[{"anything-but":{"prefix":["x","run"]}}]}`:                                     false,
		`{"state":[{"anything-but":{"prefix":{"equals-ignore-case":"RUN"}}}]}`:                    false,
		`{"state":[{"anything-but":{"suffix":".txt"}}]}`:                                          true,
		`{"state":[{"anything-but":{"suffix":["ing",".txt"]}}]}`:                                  false,
		`{"state":[{"anything-but":{"equals-ignore-case":"RUNNING"}}]}`:                           false,
		`{"state":[{"anything-but":{"equals-ignore-case":["STOPPED","x"]}}]}`:                     true,
		`{"state":[{"anything-but":{"wildcard":"*nn*"}}]}`:                                        false,
		`{"state":[{"anything-but":{"wildcard":["*/lib/*","*/bin/*"]}}]}`:                         true,
		`{"c-count":[{"anything-but":{"prefix":"5"}}]}`:                                           true,
		`{"c-count":[{"numeric":[">",0,"<=",5]}]}`:                                                true,
		`{"c-count":[{"numeric":["<=",5,">",0]}]}`:                                                true,
		`{"c-count":[{"numeric":[">",0,"<",5]}]}`:                                                 false,
		`{"c-count":[{"numeric":[">=",5]}]}`:                                                      true,
		`{"c-count":[{"numeric":[">",5]}]}`:                                                       false,
		`{"d-count":[{"numeric":["<",10]}]}`:                                                      true,
		`{"d-count":[{"numeric":["<",-10]}]}`:                                                     false,
		`{"x-limit":[{"numeric":["=",3.018e2]}]}`:                                                 true,
		`{"x-limit":[{"numeric":["=",3.019e2]}]}`:                                                 false,
		`{"state":[{"numeric":[">",0]}]}`:                                                         false,
		`{"none":[{"numeric":["<",1]}]}`:                                                          false,
		`{"source-ip":[{"cidr":"10.0.0.0/24"}]}`:                                                  true,
		`{"source-ip":[{"cidr":"10.0.0.99/24"}]}`:                                                 true,
		`{"source-ip":[{"cidr":"10.0.1.0/24"}]}`:                                                  false,
		`{"source-ip":[{"cidr":"2001:db8::/32"}]}`:                                                false,
		`{"state":[{"cidr":"0.0.0.0/0"}]}`:                                                        false,
		`{"c-count":[{"exists":true}]}`:                                                           true,
		`{"none":[{"exists":true}]}`:                                                              true,
		`{"missing":[{"exists":true}]}`:                                                           false,
		`{"missing":[{"exists":false}]}`:                                                          true,
		`{"c-count":[{"exists":false}]}`:                                                          false,
		`{"none":[{"exists":false}]}`:                                                             false,
		`{"missing":["x",{"exists":false}]}`:                                                      true,
		`{"state":["running",{"exists":false}]}`:                                                  true,
		`{"state":["x",{"exists":false}]}`:                                                        false,
		`{"missing":{"deep":{"er":[{"exists":false}]}}}`:                                          true,
		`{"missing":{"deep":["x"]}}`:                                                              false,
		`{"state":{"deep":[{"exists":false}]}}`:                                                   true,
		`{"state":{"deep":["running"]}}`:                                                          false,
		`{"state":[{"wildcard":"r*g"}]}`:                                                          true,
		`{"state":[{"wildcard":"*"}]}`:                                                            true,
		`{"state":[{"wildcard":"*x*"}]}`:                                                          false,
		`{"$or":[{"c-count":[{"numeric":[">",9]}]},{"d-count":[{"numeric":["<",10]}]}]}`:          true,
		`{"$or":[{"c-count":[9]},{"d-count":[9]}]}`:                                               false,
		`{"state":["running"],"$or":[{"c-count":[9]},{"x-limit":[301.8],"d-count":[3]}]}`:         true,
		`{"state":["stopped"],"$or":[{"c-count":[5]}]}`:                                           false,
		`{"$or":[{"c-count":[9]},{"state":["running"],"$or":[{"c-count":[9]},{"d-count":[3]}]}]}`: true,
	} {
		if got := compiled(t, `{"detail":`+pattern+`}`).Match(d); got != want {
			t.Errorf("%s: %t", pattern, got)
		}
	}
	whole := `{"time":[{"prefix":"2017-10-02"}],"resources":["x",{"wildcard":"arn:*:instance/*"}],"detail":{"state":[{"anything-but":"initializing"}],
		"c-count":[{"numeric":[">",0,"<=",5]}],"d-count":[{"numeric":["<",10]}],"x-limit":[{"anything-but":[100,200,300]}],"source-ip":[{"cidr":"10.0.0.0/8"}]}}`
	if !compiled(t, whole).Match(d) {
		t.Error("the complex example does not match")
	}
}

// Data of every shape, against patterns about arrays, numbers and text.
func TestMatchData(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern string
		match   []string
		not     []string
	}{
		{`{"a":["x","y"]}`, []string{`{"a":["z","y"]}`, `{"a":[["z",["x"]]]}`, `{"a":[{"b":1},"x"]}`, `{"a":1,"a":"x"}`, ` {"a" : "\u0078"} `}, []string{`{"a":[]}`, `{"a":["z"]}`, `{"a":{"x":"x"}}`, `{"b":"x"}`, `{"a":"x","a":1}`, `{"A":"x"}`}},
		{`{"a":[{"anything-but":"x"}]}`, []string{`{"a":["x","y"]}`, `{"a":[null]}`}, []string{`{"a":["x","x"]}`, `{"a":[]}`, `{"a":{}}`, `{}`}},
		{`{"a":{"b":[1],"c":[2]}}`, []string{`{"a":{"b":1,"c":2}}`, `{"a":[{"b":1},{"b":[0,1],"c":2}]}`, `{"a":[[{"b":1,"c":2}]]}`}, []string{`{"a":[{"b":1},{"c":2}]}`, `{"a":[]}`, `{"a":[1,2]}`, `{"a":1}`}},
		{`{"a":{"b":{"c":[1],"d":[2]}}}`, []string{`{"a":[{"b":[{"c":1}]},{"b":[{"c":1,"d":2}]}]}`}, []string{`{"a":[{"b":[{"c":1},{"d":2}]}]}`, `{"a":[{"b":{"c":1}},{"b":{"d":2}}]}`}},
		{`{"a":{"b":[{"exists":false}]}}`, []string{`{}`, `{"a":1}`, `{"a":[]}`, `{"a":[1]}`, `{"a":{"b":{"c":1}}}`, `{"a":{"b":[]}}`, `{"a":[{"c":1},{}]}`, `null`, `1`, `[{"a":{"b":1}}]`, ``, `{"a"`}, []string{`{"a":{"b":null}}`, `{"a":[{"b":1},{"c":1}]}`, `{"a":{"b":[[1]]}}`}},
		{`{"a":{"b":[{"exists":false}],"c":[1]}}`, []string{`{"a":[{"c":2},{"c":1}]}`}, []string{`{"a":[{"b":2},{"c":1}]}`, `{"a":[]}`}},
		{`{"a":[{"exists":true}]}`, []string{`{"a":[1]}`, `{"a":""}`}, []string{`{"a":{"b":1}}`, `{"a":[{"b":1}]}`, `"a"`, `null`, `["a"]`, `{"a":1`, `{"a":}`, `{"a":"x}`}},
		{`{"a":[5]}`, []string{`{"a":5}`, `{"a":5.0}`, `{"a":5e0}`, `{"a":0.05E+2}`, `{"a":50e-1}`, `{"a":500000e-5}`}, []string{`{"a":-5}`, `{"a":"5"}`, `{"a":5.0000000000000000001}`, `{"a":50}`, `{"a":5e99999999999999999999}`}},
		{`{"a":[0]}`, []string{`{"a":-0.0e7}`, `{"a":0e-9}`}, []string{`{"a":null}`, `{"a":false}`, `{"a":1e-300}`}},
		{`{"a":[9007199254740993]}`, []string{`{"a":9007199254740993.0}`}, []string{`{"a":9007199254740992}`, `{"a":9007199254740994}`}},
		{`{"a":[{"numeric":[">",-1.5,"<=",1e400]}]}`, []string{`{"a":-1.49}`, `{"a":0}`, `{"a":1e400}`, `{"a":[-9,3]}`}, []string{`{"a":-1.5}`, `{"a":-1.51}`, `{"a":-10}`, `{"a":1.1e400}`, `{"a":1e401}`, `{"a":1e9999999999}`, `{"a":[]}`}},
		{`{"a":[{"numeric":[">=",-20]},{"numeric":["<",-300]}]}`, []string{`{"a":-20}`, `{"a":-3}`, `{"a":-300.5}`}, []string{`{"a":-20.1}`, `{"a":-300}`, `{"a":"1"}`}},
		{`{"a":[{"anything-but":[1,"x",null,true]}]}`, []string{`{"a":"1"}`, `{"a":false}`, `{"a":1e9999999999}`}, []string{`{"a":1.0}`, `{"a":"x"}`, `{"a":null}`, `{"a":true}`}},
		{`{"a":[{"wildcard":"ab*ab"}]}`, []string{`{"a":"abab"}`, `{"a":"abxab"}`, `{"a":"ababab"}`}, []string{`{"a":"ab"}`, `{"a":"aba"}`, `{"a":"xabab"}`, `{"a":1}`}},
		{`{"a":[{"wildcard":"*a*b*"}]}`, []string{`{"a":"ab"}`, `{"a":"xaybz"}`, `{"a":"bab"}`}, []string{`{"a":"ba"}`, `{"a":""}`}},
		{`{"a":[{"wildcard":"dir/*.png"}]}`, []string{`{"a":"dir/x/y.png"}`, `{"a":"dir/.png"}`}, []string{`{"a":"dir/x.png.zip"}`, `{"a":"dir.png"}`}},
		{`{"a":[{"wildcard":"a\\*b\\\\*"}]}`, []string{`{"a":"a*b\\"}`, `{"a":"a*b\\c"}`}, []string{`{"a":"axb\\"}`, `{"a":"a*b"}`}},
		{`{"a":[{"wildcard":""}]}`, []string{`{"a":""}`}, []string{`{"a":"x"}`}},
		{`{"a":[{"equals-ignore-case":"ÉCOLE"}]}`, []string{`{"a":"école"}`}, []string{`{"a":"ecole"}`}},
		{`{"a":[{"prefix":{"equals-ignore-case":"Kék"}}]}`, []string{`{"a":"\u212aÉKszer"}`, `{"a":"kék"}`}, []string{`{"a":"k"}`, `{"a":""}`, `{"a":1}`}},
		{`{"a":[{"suffix":{"equals-ignore-case":"Ké"}}]}`, []string{`{"a":"x\u212aÉ"}`}, []string{`{"a":"é"}`, `{"a":""}`}},
		{`{"a":[{"cidr":"2001:db8::/32"},{"cidr":"192.0.2.0/24"}]}`, []string{`{"a":"2001:db8::1"}`, `{"a":"::ffff:192.0.2.7"}`}, []string{`{"a":"2001:db9::1"}`, `{"a":"192.0.3.1"}`, `{"a":"192.0.2"}`, `{"a":"2001:db8::1%eth0"}`}},
		{`{"":[1],"a.b":["~/"],"\u0000":{"é":[true]}}`, []string{`{"":1,"a.b":"~/","\u0000":{"é":true}}`}, []string{`{"":1,"a":{"b":"~/"},"\u0000":{"é":true}}`}},
		{`{"a":{"$or":[{"b":[1]},{"c":[{"exists":false}]}]}}`, []string{`{"a":{"b":1,"c":2}}`, `{"a":{}}`, `{}`}, []string{`{"a":{"c":1}}`}},
	} {
		p := compiled(t, c.pattern)
		for _, data := range c.match {
			if !p.Match(NewData([]byte(data))) {
				t.Errorf("%s does not match %s", c.pattern, data)
			}
		}
		for _, data := range c.not {
			if p.Match(NewData([]byte(data))) {
				t.Errorf("%s matches %s", c.pattern, data)
			}
		}
	}
}

func TestOneOf(t *testing.T) {
	t.Parallel()
	many := strings.Split(strings.Repeat("t1,t2,t3,", 5)+"a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", ",")
	for _, values := range [][]string{{"t2"}, many} {
		p := OneOf("taskId", values)
		for data, want := range map[string]bool{
			`{"taskId":"t2"}`: true, `{"taskId":"\u00742"}`: true, `{"taskId":["x","t2"]}`: true, `{"taskId":"t9"}`: false, `{"taskId":2}`: false,
			`{"x":{"taskId":"t2"}}`: false, `"t2"`: false, ``: false,
		} {
			if got := p.Match(NewData([]byte(data))); got != want {
				t.Errorf("%s in %d values: %t", data, len(values), got)
			}
		}
	}
	if OneOf("a", []string{"x"}).Match(nil) {
		t.Error("no data, and it matches")
	}
}

// What nobody asks about is not read.
func TestDataIsReadOnDemand(t *testing.T) {
	t.Parallel()
	d := NewData([]byte(`{"a":{"b":1},"c":{"d":2}}`))
	if d.top.read {
		t.Error("read before anybody asked")
	}
	if !compiled(t, `{"a":{"b":[1]}}`).Match(d) || !d.top.members["a"].read || d.top.members["c"].read {
		t.Error("read more or less than was asked for")
	}
}
