// A CSI driver whose volumes are folders of this machine, for the tests of a real provisioner on real
// bytes: csi ROOT. It listens on ROOT/csi.sock, and a volume is ROOT/volumes/NAME.
//
// As long as ROOT/hold exists, deleting a volume takes its data and then does not answer: a driver that
// was told, and takes its time.
package main

import (
	"context"
	"errors"
	"io/fs"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The name that storage classes give as their provisioner.
const name = "folder.csi.example.com"

type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	root string
}

func (driver) GetPluginInfo(context.Context, *csi.GetPluginInfoRequest) (*csi.GetPluginInfoResponse, error) {
	return &csi.GetPluginInfoResponse{Name: name, VendorVersion: "1"}, nil
}

func (driver) GetPluginCapabilities(context.Context, *csi.GetPluginCapabilitiesRequest) (*csi.GetPluginCapabilitiesResponse, error) {
	service := &csi.PluginCapability_Service{Type: csi.PluginCapability_Service_CONTROLLER_SERVICE}
	capability := &csi.PluginCapability{Type: &csi.PluginCapability_Service_{Service: service}}
	return &csi.GetPluginCapabilitiesResponse{Capabilities: []*csi.PluginCapability{capability}}, nil
}

func (driver) Probe(context.Context, *csi.ProbeRequest) (*csi.ProbeResponse, error) {
	return &csi.ProbeResponse{}, nil
}

func (driver) ControllerGetCapabilities(context.Context, *csi.ControllerGetCapabilitiesRequest) (*csi.ControllerGetCapabilitiesResponse, error) {
	rpc := &csi.ControllerServiceCapability_RPC{Type: csi.ControllerServiceCapability_RPC_CREATE_DELETE_VOLUME}
	capability := &csi.ControllerServiceCapability{Type: &csi.ControllerServiceCapability_Rpc{Rpc: rpc}}
	return &csi.ControllerGetCapabilitiesResponse{Capabilities: []*csi.ControllerServiceCapability{capability}}, nil
}

// The folder of a volume, whose id is a name and not a path.
func (d driver) folder(id string) (string, error) {
	if id == "" || strings.ContainsAny(id, "/.") {
		return "", status.Errorf(codes.InvalidArgument, "volume id %q", id)
	}
	return filepath.Join(d.root, "volumes", id), nil
}

func (d driver) CreateVolume(_ context.Context, request *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	folder, err := d.folder(request.Name)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err != nil {
		return nil, err
	}
	size := request.CapacityRange.GetRequiredBytes()
	return &csi.CreateVolumeResponse{Volume: &csi.Volume{VolumeId: request.Name, CapacityBytes: size}}, nil
}

func (d driver) DeleteVolume(ctx context.Context, request *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	folder, err := d.folder(request.VolumeId)
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(folder); err != nil {
		return nil, err
	}
	log.Printf("deleted %s", request.VolumeId)
	if _, err := os.Stat(filepath.Join(d.root, "hold")); !errors.Is(err, fs.ErrNotExist) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &csi.DeleteVolumeResponse{}, nil
}

func main() {
	d := driver{root: os.Args[1]}
	listener, err := net.Listen("unix", filepath.Join(d.root, "csi.sock"))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	csi.RegisterIdentityServer(server, d)
	csi.RegisterControllerServer(server, d)
	log.Fatal(server.Serve(listener))
}
