use super::*;
#[derive(Clone, Debug)] pub struct TcpNet;
impl TcpNet { pub(super) async fn listen(&self, _: &NodeName) -> Result<TcpListening, ListenError> { todo!() }
 pub(super) async fn dial(&self, _: &NodeName, _: &NodeName) -> Result<Conn, DialError> { todo!() } }
pub(crate) struct TcpListening;
impl TcpListening { pub(super) async fn accept(&mut self) -> Conn { todo!() } pub(super) fn address(&self) -> String { todo!() } }
pub(crate) struct TcpReader;
impl TcpReader { pub(super) async fn recv(&mut self) -> Result<Bytes, ConnError> { todo!() } pub(super) fn set_limit(&mut self, _: usize) {} }
pub(crate) struct TcpWriter;
impl TcpWriter { pub(super) async fn send(&mut self, _: BytesMut) -> Result<(), ConnError> { todo!() } }
