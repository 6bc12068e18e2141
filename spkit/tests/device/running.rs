//! Devices that run on threads of their own.

use std::thread::{self, JoinHandle};

use futures::executor::block_on;
use spkit::{Device, DeviceHandle, DeviceStats, Result, Socket};

use crate::until;

/// As threads, and as a task.
pub(crate) const STARTS: [fn(Device) -> Running; 2] = [Running::start, Running::start_async];

/// A device that runs. Dropped, it stops.
pub(crate) struct Running {
    handle: DeviceHandle,
    thread: Option<JoinHandle<(Device, Result<()>)>>,
}

impl Running {
    pub(crate) fn start(mut device: Device) -> Self {
        let handle = device.handle();
        let thread = thread::spawn(move || {
            let result = device.run();
            (device, result)
        });
        Self::new(handle, thread)
    }

    /// As `start`, on somebody else's executor.
    pub(crate) fn start_async(mut device: Device) -> Self {
        let handle = device.handle();
        let task = async move {
            let result = device.run_async().await;
            (device, result)
        };
        Self::new(handle, thread::spawn(|| block_on(task)))
    }

    pub(crate) fn between(first: &Socket, second: &Socket) -> Self {
        Self::start(Device::new(first, second).unwrap())
    }

    fn new(handle: DeviceHandle, thread: JoinHandle<(Device, Result<()>)>) -> Self {
        Self {
            handle,
            thread: Some(thread),
        }
    }

    pub(crate) fn stats(&self) -> DeviceStats {
        self.handle.stats()
    }

    /// Waits until it ends by itself.
    pub(crate) fn end(mut self) -> (Device, Result<()>) {
        let thread = self.thread.take().unwrap();
        until("the end of the device", || thread.is_finished());
        thread.join().unwrap()
    }

    pub(crate) fn stop(self) -> Device {
        self.handle.stop();
        let (device, result) = self.end();
        result.unwrap();
        device
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.handle.stop();
            // Not while a test fails: what it says would be lost.
            if !thread::panicking() {
                until("the end of the device", || thread.is_finished());
                thread.join().unwrap().1.unwrap();
            }
        }
    }
}
