// Release builds the archives and the image of a version into a folder: a .tar.gz or a .zip for each system,
// and an OCI archive for Linux. The same commit gives the same bytes. It runs in the root of the module.
package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// targets are the systems for which there are archives.
var targets = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

// documents are in every archive.
var documents = []string{"LICENSE", "README.md", "README.zh-CN.md", "CHANGELOG.md"}

// A release is what is built.
type release struct {
	version string
	at      time.Time // of all files
	out     string    // the folder
}

func main() {
	r := release{}
	epoch := flag.Int64("epoch", 0, "the time of all files, in seconds since 1970")
	flag.StringVar(&r.version, "version", "", "the version, such as v1.2.3")
	flag.StringVar(&r.out, "out", "dist", "the folder of the results")
	flag.Parse()
	r.at = time.Unix(*epoch, 0).UTC()
	if err := r.build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (r *release) build() error {
	binaries := map[string][]byte{}
	for _, target := range targets {
		binary, err := r.compile(target)
		if err != nil {
			return err
		}
		binaries[target] = binary
		if err := r.archive(target, binary); err != nil {
			return err
		}
	}
	return r.image(binaries)
}

// compile returns the binary of a system.
func (r *release) compile(target string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "standin")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	module, err := exec.Command("go", "list", "-m").Output()
	if err != nil {
		return nil, err
	}
	system, processor, _ := strings.Cut(target, "/")
	variable := strings.TrimSpace(string(module)) + "/internal/catalog.version=" + r.version
	out := filepath.Join(dir, "standin")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X "+variable, "-o", out, "./cmd/standin")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w", target, err)
	}
	return os.ReadFile(out)
}

// A member is a file of an archive.
type member struct {
	name string
	mode fs.FileMode
	data []byte
}

func (r *release) archive(target string, binary []byte) error {
	name := "standin_" + strings.TrimPrefix(r.version, "v") + "_" + strings.ReplaceAll(target, "/", "_")
	program, pack, end := "standin", r.tarGz, ".tar.gz"
	if strings.HasPrefix(target, "windows/") {
		program, pack, end = "standin.exe", r.zip, ".zip"
	}
	members := []member{{name + "/" + program, 0o755, binary}}
	for _, d := range documents {
		text, err := os.ReadFile(d)
		if err != nil {
			return err
		}
		members = append(members, member{name + "/" + d, 0o644, text})
	}
	var b bytes.Buffer
	if err := pack(&b, members); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, name+end), b.Bytes(), 0o644)
}

func (r *release) tarGz(w io.Writer, members []member) error {
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := r.tar(z, members); err != nil {
		return err
	}
	return z.Close()
}

func (r *release) tar(w io.Writer, members []member) error {
	t := tar.NewWriter(w)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Mode: int64(m.mode), Size: int64(len(m.data)), ModTime: r.at, Format: tar.FormatPAX}
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if _, err := t.Write(m.data); err != nil {
			return err
		}
	}
	return t.Close()
}

func (r *release) zip(w io.Writer, members []member) error {
	z := zip.NewWriter(w)
	for _, m := range members {
		h := &zip.FileHeader{Name: m.name, Method: zip.Deflate, Modified: r.at}
		h.SetMode(m.mode)
		f, err := z.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(m.data); err != nil {
			return err
		}
	}
	return z.Close()
}

// image writes the image for both processors of Linux, as the Dockerfile describes it, as an OCI archive.
func (r *release) image(binaries map[string][]byte) error {
	dir, err := os.MkdirTemp("", "standin")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, processor := range []string{"amd64", "arm64"} {
		img, err := r.platform(processor, binaries["linux/"+processor])
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add:        img,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: processor}},
		})
	}
	root := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{
		Add:        index,
		Descriptor: v1.Descriptor{Annotations: map[string]string{"org.opencontainers.image.ref.name": strings.TrimPrefix(r.version, "v")}},
	})
	if _, err := layout.Write(dir, root); err != nil {
		return err
	}
	members, err := filesOf(dir)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := r.tar(&b, members); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "standin_"+strings.TrimPrefix(r.version, "v")+"_image.tar"), b.Bytes(), 0o644)
}

// filesOf returns the files of a folder, sorted by name.
func filesOf(dir string) (members []member, err error) {
	err = fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		members = append(members, member{path, 0o644, data})
		return err
	})
	return members, err
}

// platform returns the image for one processor.
func (r *release) platform(processor string, binary []byte) (v1.Image, error) {
	var b bytes.Buffer
	if err := r.tar(&b, []member{{"standin", 0o755, binary}}); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	img, err = mutate.ConfigFile(img, &v1.ConfigFile{
		OS: "linux", Architecture: processor, Created: v1.Time{Time: r.at},
		Config: v1.Config{
			User: "65532:65532", Entrypoint: []string{"/standin"}, Env: []string{"STANDIN_LISTEN=0.0.0.0:9311"},
			ExposedPorts: map[string]struct{}{"9311/tcp": {}, "9312/tcp": {}},
			Healthcheck:  &v1.HealthConfig{Test: []string{"CMD", "/standin", "healthcheck"}, Interval: 2 * time.Second, Timeout: 3 * time.Second, StartPeriod: 5 * time.Second, Retries: 5},
			Labels: map[string]string{
				"org.opencontainers.image.title":       "Standin",
				"org.opencontainers.image.description": "A stateful emulator of OpenStack Freezer, OpenStack Barbican, devops-service and SSH PrivX",
				"org.opencontainers.image.licenses":    "Apache-2.0",
				"org.opencontainers.image.version":     r.version,
			},
		},
	})
	if err != nil {
		return nil, err
	}
	return mutate.Append(img, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.at}, CreatedBy: "standin " + r.version}})
}
