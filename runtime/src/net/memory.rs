use super::*;
#[derive(Clone, Debug)] pub struct MemoryNet;
impl MemoryNet { pub(super) fn listen(&self, _: &NodeName) -> Result<MemoryListening, ListenError> { todo!() }
 pub(super) async fn dial(&self, _: &NodeName, _: &NodeName) -> Result<Conn, DialError> { todo!() } }
pub(crate) struct MemoryListening;
impl MemoryListening { pub(super) async fn accept(&mut self) -> Conn { todo!() } }
pub(crate) struct MemoryReader;
impl MemoryReader { pub(super) async fn recv(&mut self) -> Result<Bytes, ConnError> { todo!() } pub(super) fn set_limit(&mut self, _: usize) {} }
pub(crate) struct MemoryWriter;
impl MemoryWriter { pub(super) async fn send(&mut self, _: BytesMut) -> Result<(), ConnError> { todo!() } }
