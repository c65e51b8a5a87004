package loop

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// encode is the JSON of an event. It leaves <, > and & as they are: no browser reads it, and a payload
// is limited in size.
func encode(event any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(event); err != nil {
		panic(fmt.Sprintf("maps, lists and strings do not become JSON: %v", err))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// sum is the MD5 of a text in hexadecimal digits, as SQS adds it to a message.
func sum(s string) string {
	digest := md5.Sum([]byte(s))
	return hex.EncodeToString(digest[:])
}
